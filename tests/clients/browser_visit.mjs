// Pages as a person meets them in Chromium: with pictures, without complaints, for everybody.

import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { check, setting } from './steps.mjs';
import { plant } from './sign_in.mjs';

const AXE = readFileSync(createRequire(join(setting('NODE_PACKAGES'), 'package.json')).resolve('axe-core/axe.min.js'), 'utf8');
let shots = 0;

/** A page of a browser of its own, what it complains about, and the apps it opens. */
export async function visit(browser, options = {}) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce', ...options });
    const complaints = [];
    context.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    context.on('weberror', (error) => complaints.push(String(error.error())));
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    const devtools = await context.newCDPSession(page);
    await devtools.send('Page.enable');
    let opened = '';
    for (const event of ['Page.frameScheduledNavigation', 'Page.frameRequestedNavigation']) {
        devtools.on(event, ({ url }) => {
            opened += `${url}\n`;
        });
    }
    return { context, page, complaints, opened: () => opened };
}

export function aboutStatus(complaint) {
    return /status of 4\d\d/.test(complaint);
}

/** This browser knows no app for the scheme. */
export function aboutTheApp(complaint) {
    return complaint.includes('cursor:') && !complaint.includes('Content Security Policy');
}

/** A page of ours: the right one, accessible, with a picture of it. */
export async function inspect(page, name, heading) {
    await page.getByRole('heading', { level: 1, name: heading, exact: true }).waitFor();
    await page.evaluate(AXE);
    const { violations } = await page.evaluate(() => globalThis.axe.run(document));
    const issues = violations.map((one) => `${one.impact} ${one.id} ${one.nodes[0].html}`);
    check(`${name} is accessible`, issues.length === 0, issues);
    await shot(page, name);
}

export async function shot(page, name) {
    shots += 1;
    const folder = setting('SCREENSHOTS');
    mkdirSync(folder, { recursive: true });
    const file = ['sign-in', ...process.argv.slice(2), shots, `${name}.png`].join('-');
    await page.screenshot({ path: join(folder, file), fullPage: true });
}

export async function ourCookies(context) {
    return (await context.cookies()).filter(({ name }) => name.startsWith('gitlab-mcp'));
}

export async function keepCookies(context) {
    const cookies = await ourCookies(context);
    check('the browser keeps our cookies', cookies.length > 0, await context.cookies());
    plant(...cookies.map(({ value }) => value));
}
