// The pages of the authorization server in Chromium: look, keyboard, script and no script.
//
// Usage: node browser_pages.mjs look|keyboard|script|plain

import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { check, script, setting } from './steps.mjs';
import { withBrowser } from './browser.mjs';

const BASE = setting('URL');
const CODE = '0A44L90H';
const DEVICE = (flow) => `device?flow_state=${flow}&first=1`;
let flows = 0;

const PARTS = { look, keyboard, script: scripted, plain };

await script(async () => {
    await withBrowser(PARTS[process.argv[2]]);
});

/** A page of a browser of its own, with what it complained about and what it asked for. */
async function visit(browser, options = {}) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    const complaints = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => {
        if (!request.url().startsWith(BASE)) {
            complaints.push(`asks for ${request.url()}`);
        }
    });
    const open = (path) => page.goto(`${BASE}/${path}`, { waitUntil: 'load' });
    return { context, page, complaints, open };
}

/** Every page there is; each device flow is opened once. */
async function paths(browser) {
    const { context, page, open } = await visit(browser);
    await open('');
    const links = await page.locator('a').evaluateAll((all) => all.map((one) => one.getAttribute('href').slice(1)));
    await context.close();
    // The ways back to an app are last: the browser asks about the app, and hears nothing else then.
    const isFlow = (one) => one.startsWith('device');
    const leads = (one) => one.startsWith('return');
    return [...links.filter((one) => !isFlow(one) && !leads(one)), ...links.filter(leads)];
}

/** No issue that axe knows, nothing to scroll sideways, in both colours and sizes. */
async function look(browser) {
    const axe = readFileSync(createRequire(join(setting('NODE_PACKAGES'), 'package.json')).resolve('axe-core/axe.min.js'), 'utf8');
    const folder = setting('SCREENSHOTS');
    mkdirSync(folder, { recursive: true });
    const all = await paths(browser);
    check('there are pages', all.length > 15, all);
    const shots = [['waiting', null], ['copied', null], ...all.map((path) => [path, path])];
    for (const colorScheme of ['light', 'dark']) {
        for (const width of [320, 1280]) {
            const { context, page, complaints, open } = await visit(browser, {
                colorScheme, reducedMotion: 'reduce', viewport: { width, height: 900 },
            });
            const issues = [];
            for (const [name, path] of shots) {
                flows += 1;
                await open(path ?? DEVICE(`waiting-${flows}`));
                if (name === 'copied') {
                    await page.evaluate(() => {
                        Clipboard.prototype.writeText = () => Promise.reject(new Error('refused'));
                    });
                    await page.getByRole('button', { name: 'Copy your code' }).click();
                    await page.locator('[data-field=user-code]').waitFor();
                }
                await page.evaluate(axe);
                const found = await page.evaluate(() => globalThis.axe.run(document));
                issues.push(...found.violations.map((one) => `${name}: ${one.impact} ${one.id} ${one.nodes[0].html}`));
                const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
                if (wide > 0) {
                    issues.push(`${name}: ${wide} px too wide`);
                }
                const moving = await page.evaluate(() => document.getAnimations().length);
                const duration = await page.locator('button, .button').evaluateAll((found) => found.map((one) => getComputedStyle(one).transitionDuration));
                if (moving || duration.some((one) => one !== '0s')) {
                    issues.push(`${name}: moves`);
                }
                await page.screenshot({ path: join(folder, `${name}-${colorScheme}-${width}.png`), fullPage: true });
            }
            check(`accessible in ${colorScheme} at ${width} px`, issues.length === 0, issues);
            check(`the browser has no complaint in ${colorScheme} at ${width} px`, fine(complaints), complaints);
            await context.close();
        }
    }
    const { context, page, open } = await visit(browser, { viewport: { width: 640, height: 900 } });
    const wide = [];
    for (const [name, path] of shots) {
        flows += 1;
        await open(path ?? DEVICE(`waiting-${flows}`));
        await page.evaluate(() => {
            document.documentElement.style.fontSize = '200%';
        });
        if (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)) {
            wide.push(name);
        }
    }
    check('large text needs no sideways scrolling', wide.length === 0, wide);
    await context.close();
}

/** A way back to an app goes to a scheme that this browser does not know. */
function fine(complaints) {
    return complaints.every((one) => one.includes('cursor:') || /status of (400|403|502|503)/.test(one));
}

/** Forms and links are reached and used by keys, and every stop is seen. */
async function keyboard(browser) {
    const { context, page, complaints, open } = await visit(browser);
    const stops = async (path) => {
        await open(path);
        const seen = [];
        for (;;) {
            await page.keyboard.press('Tab');
            const [name, outline] = await page.evaluate(() => {
                const one = document.activeElement;
                const style = getComputedStyle(one);
                return [one === document.body ? '' : (one.innerText || one.name).replace(/\s+/g, ' '), `${style.outlineStyle} ${style.outlineWidth}`];
            });
            if (!name) {
                return seen;
            }
            check(`${path}: focus on ${name} is visible`, outline === 'solid 3px', outline);
            seen.push(name);
            if (seen.length > 20) {
                return seen;
            }
        }
    };
    const consent = await stops('consent');
    check('stops of the consent page', same(consent, ['remember', 'Approve', 'Cancel']), consent);
    const waiting = await stops(DEVICE('waiting-keys'));
    const link = 'Open gitlab.example.com (opens a new tab)';
    check('stops of the device page', same(waiting, ['Copy your code', link, 'Check now']), waiting);
    const expired = await stops('expired');
    check('stops of an ended flow', same(expired, ['Try again']), expired);

    await open('asking?targets=yes');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForURL(/landed/);
    const sent = new URL(page.url());
    check('the answer leads to a named place', sent.hostname === 'localhost', sent.href);
    check('what is sent', sent.search === '?tx=sealed&csrf=csrf&remember=1&decision=approve', sent.search);
    await open('asking?targets=yes');
    await page.getByRole('button', { name: 'Cancel' }).press('Enter');
    await page.waitForURL(/landed/);
    check('Cancel is sent', page.url().endsWith('?tx=sealed&csrf=csrf&decision=cancel'), page.url());
    const before = complaints.filter((one) => !one.startsWith('asks for http://localhost') && !one.includes('status of 400'));
    check('the browser has no complaint', before.length === 0, before);

    // A page in between needs no permission, and goes wherever GitLab is.
    await open('asking?targets=no&by=page');
    await page.getByRole('button', { name: 'Approve' }).press('Enter');
    await page.waitForURL(/landed/);
    check('a page in between leads on', page.url().endsWith('&decision=approve'), page.url());

    // The twin: what the policy does not name, the browser does not follow.
    await open('asking?targets=no');
    await page.getByRole('button', { name: 'Approve' }).press('Enter');
    for (let tries = 0; tries < 200 && !complaints.some((one) => one.includes('form-action')); tries += 1) {
        await page.waitForTimeout(10);
    }
    check('an answer leads to no other place', complaints.some((one) => one.includes('form-action')), complaints);
    check('and the page stays', page.url().endsWith('/asking?targets=no'), page.url());
    await context.close();
}

/** The device page polls, tells the time, and shows each end in place. */
async function scripted(browser) {
    const start = async (play, options) => {
        flows += 1;
        const flow = `${play}-${flows}`;
        const visitor = await visit(browser, options);
        await visitor.open(DEVICE(flow));
        return { flow, heading: (text) => visitor.page.getByRole('heading', { level: 1, name: text }).waitFor(), ...visitor };
    };

    for (const [play, asked] of [['approved', 3], ['stumbling', 5]]) {
        const { context, page, flow, heading, complaints } = await start(play);
        await heading('Copy this code');
        const code = await page.locator('#code').innerText();
        check(`${play}: the code is shown as text`, code === 'gmac_<b>code</b>', code);
        check(`${play}: the rest is gone`, !(await page.locator('#waiting').isVisible()));
        const focus = await page.evaluate(() => document.activeElement.id);
        check(`${play}: the heading has the focus`, focus === 'title', focus);
        check(`${play}: the title says it`, (await page.title()) === 'Copy this code · GitLab MCP Server', await page.title());
        await page.waitForTimeout(1500);
        const polls = Number(await (await fetch(`${BASE}/polls?flow_state=${flow}`)).text());
        check(`${play}: it asks as often as it has to`, polls === asked, polls);
        const own = complaints.filter((one) => !/status of (429|503)/.test(one));
        check(`${play}: no complaint`, own.length === 0, own);
        await context.close();
    }

    for (const [play, reason, detail] of [
        ['denied', 'denied at GitLab', ''],
        ['failed', 'did not let the sign-in go on', '<i>Device grant</i> is off.'],
        ['expired', 'no longer valid', ''],
        ['foreign', 'another browser', ''],
        ['late', 'no longer valid', ''],
    ]) {
        const { context, page, heading } = await start(play);
        await heading('The sign-in did not work');
        const said = await page.locator('#reason').innerText();
        check(`${play}: the reason`, said.includes(reason), said);
        check(`${play}: more about it`, (await page.locator('#detail').innerText()) === detail);
        await page.getByRole('link', { name: 'Try again' }).click();
        await page.waitForURL(/consent-device\?again=1$/);
        await context.close();
    }

    {
        const { context, page } = await start('waiting', { permissions: ['clipboard-read', 'clipboard-write'] });
        await page.getByRole('button', { name: 'Copy your code' }).click();
        await page.getByText('Copied.').waitFor();
        const copied = await page.evaluate(() => navigator.clipboard.readText());
        check('the code is copied as it is', copied === CODE, copied);
        await page.evaluate(() => {
            Clipboard.prototype.writeText = () => Promise.reject(new Error('refused'));
        });
        await page.getByRole('button', { name: 'Copy your code' }).click();
        const field = page.locator('[data-field=user-code]');
        await field.waitFor();
        const selected = await field.evaluate((one) => one.value.slice(one.selectionStart, one.selectionEnd));
        check('without a clipboard the code is selected', selected === CODE, selected);
        const tab = context.waitForEvent('page');
        await page.getByRole('link', { name: 'Open gitlab.example.com' }).click();
        const opened = await tab;
        await opened.waitForLoadState();
        check('GitLab opens in a new tab', opened.url().endsWith(`user_code=${CODE}`), opened.url());
        check('the new tab has no opener', (await opened.evaluate(() => globalThis.opener)) === null);
        check('GitLab is told no referrer', (await opened.evaluate(() => document.referrer)) === '');
        await context.close();
    }

    {
        const { context, page, open } = await visit(browser);
        await page.clock.install();
        await open(DEVICE('quiet-1'));
        const left = page.locator('#left');
        const announced = page.locator('#announcement');
        check('the time at first', (await left.innerText()) === '4 minutes 52 seconds', await left.innerText());
        await page.clock.runFor(10_000);
        check('the time goes on', /^4 minutes 4[12] seconds$/.test(await left.innerText()), await left.innerText());
        check('seconds are not announced', (await announced.innerText()) === '');
        await page.clock.runFor(60_000);
        check('a minute is announced', /^Time left: (4 minutes|3 minutes 5\d seconds)$/.test(await announced.innerText()), await announced.innerText());
        await page.getByText('This page goes on by itself.').waitFor();
        await page.clock.runFor(230_000);
        await page.getByRole('heading', { level: 1, name: 'The sign-in did not work' }).waitFor();
        check('it ends when the time is over', (await page.locator('#reason').innerText()).includes('no longer valid'));
        await context.close();
    }
}

/** Without scripts every page reads the same, and the device flow comes to its end by hand. */
async function plain(browser) {
    const { context, page, complaints, open } = await visit(browser, { javaScriptEnabled: false });
    await open(DEVICE('approved-plain'));
    check('it says when to press', await page.getByText('Press Check now').isVisible());
    check('no button without effect', !(await page.getByText('Copy your code').isVisible()));
    for (let presses = 0; presses < 3; presses += 1) {
        const loaded = page.waitForEvent('load');
        await page.getByRole('button', { name: 'Check now' }).click();
        await loaded;
    }
    check('the code is there in the end', (await page.locator('#code').innerText()).startsWith('gmac_'), await page.content());
    for (const path of await paths(browser)) {
        await open(path);
        check(`${path} has a heading`, (await page.locator('h1').innerText()).length > 5);
    }
    check('the browser has no complaint', fine(complaints), complaints);
    await context.close();
}

function same(found, wanted) {
    return JSON.stringify(found) === JSON.stringify(wanted);
}
