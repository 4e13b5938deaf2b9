// A person in front of Chromium: opens links, reads pages, fills in forms, presses buttons.

import { load, setting } from './steps.mjs';

/** Name and password of a developer of the mock's company. */
export const PERSON = { login: 'alice', password: 'alice-winds-the-spring' };

const FLAGS = [
    '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync',
];

/** Runs `body` with a browser that nobody is signed in with; closes it. */
export async function withBrowser(body) {
    const { chromium } = load('playwright-core');
    const browser = await chromium.launch({ executablePath: setting('CHROMIUM'), args: FLAGS });
    try {
        return await body(browser);
    } finally {
        await browser.close();
    }
}

/** Runs `body` with a page of such a browser. */
export async function withPage(body) {
    return withBrowser(async (browser) => {
        const page = await browser.newPage();
        page.setDefaultTimeout(20_000);
        return body(page);
    });
}

/** Opens a page of GitLab and signs in there when it asks for that. */
export async function openSignedIn(page, link) {
    await page.goto(link);
    if (await page.locator('#sign_in').count()) {
        await signIn(page);
    }
}

/** Fills in GitLab's sign-in page. */
export async function signIn(page) {
    await page.fill('#login', PERSON.login);
    await page.fill('#password', PERSON.password);
    await page.press('#password', 'Enter');
    await page.waitForSelector('#sign_in', { state: 'detached' });
}

/** Presses a button by its words. */
export async function press(page, name) {
    await page.getByRole('button', { name, exact: true }).click();
}

/** The first part of a growing text that the pattern finds. */
export async function waitFor(pattern, text) {
    for (let tries = 0; tries < 2000; tries += 1) {
        const found = text().match(pattern);
        if (found) {
            return found[1];
        }
        await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`${pattern} was not found in: ${text()}`);
}
