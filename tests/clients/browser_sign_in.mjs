// A person signs a program in: our pages and GitLab's in Chromium, from the program's link back to
// the program, and the program then acts as that person.
//
// Usage: node browser_sign_in.mjs callback-proxy|passthrough|session CASE

import { check, script, setting } from './steps.mjs';
import { PERSON, press, signIn, waitFor, withBrowser } from './browser.mjs';
import { aboutStatus, aboutTheApp, inspect, keepCookies, ourCookies, shot, visit } from './browser_visit.mjs';
import { Program, listener, plant, withServer } from './sign_in.mjs';

const [SETTING, CASE] = process.argv.slice(2);
const GITLAB = setting('GITLAB');
const ROOT = 'glpat-root-company-00001';
const APP = 'cursor://anysphere.cursor-retrieval/oauth/callback';
const CODE = /^[\w-]{20,}$/;

const CASES = { approve, cancel, denied, app, 'app-cancel': appCancel, device, plain, errors };

await script(async () => {
    const further = async (base) => ({
        GITLAB_API_URL: `${GITLAB}/api/v4`,
        GITLAB_OAUTH_APP_ID: await application(base),
        OAUTH_DEVICE_POLL_INTERVAL: '1',
    });
    await withServer(SETTING, further, (base) => withBrowser((browser) => CASES[CASE](base, browser)));
    await plantWhatGitLabSaw();
});

async function approve(base, browser) {
    const { context, page, complaints } = await visit(browser);
    const { program, waiting } = await start(base);
    await page.goto(await program.link());
    await inspect(page, 'consent', 'Allow access to GitLab?');
    const text = await page.locator('main').innerText();
    for (const part of ['Editor of the tests', 'unverified', '127.0.0.1', new URL(GITLAB).hostname]) {
        check(`the consent page says ${part}`, text.includes(part), text);
    }

    // The page in between goes on by itself; held back once, it can be looked at, and its button pressed.
    const asked = new Promise((resolve) => {
        page.route(`${GITLAB}/oauth/authorize**`, (route) => {
            resolve(route.request().headers());
            return route.abort('aborted');
        }, { times: 1 });
    });
    await press(page, 'Approve');
    check('GitLab is told no referrer', (await asked).referer === undefined, await asked);
    await inspect(page, 'onward', 'On to GitLab');
    await page.getByRole('link', { name: 'Go to GitLab' }).click();
    await page.waitForURL(`${GITLAB}/users/sign_in`);
    await keepCookies(context);
    await signIn(page);
    check('GitLab asks, too', (await page.locator('#authorize').count()) === 1, await page.content());
    await press(page, 'Authorize');
    const back = await waiting.came;
    check('the program gets a code', CODE.test(back.code) && !back.error, back);
    check('and its state', back.state === program.state(), back);
    check('and who sent it', back.iss === (SETTING === 'passthrough' ? undefined : base), back);
    await page.getByText('back at the program').waitFor();
    await works(program, back);
    check('the browser has no complaint', complaints.length === 0, complaints);
    const left = await ourCookies(context);
    check('no cookie of the login is left', left.every(({ name }) => !name.includes('login')), left);
    check('cookies are hidden from scripts', left.every((one) => one.httpOnly && one.sameSite === 'Lax'), left);
    waiting.close();
}

/** Cancel leads back to the program by a redirect after a form. */
async function cancel(base, browser) {
    const { page, complaints } = await visit(browser);
    const { program, waiting } = await start(base);
    await page.goto(await program.link());
    await press(page, 'Cancel');
    const back = await waiting.came;
    check('the program is told', back.error === 'access_denied' && !back.code, back);
    check('with its state', back.state === program.state(), back);
    check('the browser has no complaint', complaints.length === 0, complaints);
    waiting.close();
}

/** The person changes their mind at GitLab. */
async function denied(base, browser) {
    const { page, complaints } = await visit(browser);
    const { program, waiting } = await start(base);
    await atGitLab(page, await program.link());
    await press(page, 'Deny');
    const back = await waiting.came;
    check('the program is told', back.error === 'access_denied' && !back.code, back);
    check('with its state', back.state === program.state(), back);
    check('the browser has no complaint', complaints.length === 0, complaints);
    waiting.close();
}

/** A program that is known by the scheme of its links. */
async function app(base, browser) {
    const { page, complaints, opened } = await visit(browser);
    const program = new Program(base, APP);
    await atGitLab(page, await program.link());
    await press(page, 'Authorize');
    await page.getByRole('link', { name: 'Open the program' }).waitFor();
    const link = await page.getByRole('link', { name: 'Open the program' }).getAttribute('href');
    check('the link leads to the app', link.startsWith(`${APP}?code=`), link);
    check('the browser opens it by itself', (await waitFor(/(cursor:\S+)/, opened)) === link, opened());
    const back = Object.fromEntries(new URL(link).searchParams);
    check('with the state', back.state === program.state(), back);
    check('and who sent it', back.iss === base, back);
    await works(program, back);
    await inspect(page, 'return', 'Almost done');
    check('the browser has no complaint', complaints.every(aboutTheApp), complaints);
}

async function appCancel(base, browser) {
    const { page, complaints, opened } = await visit(browser);
    const program = new Program(base, APP);
    await page.goto(await program.link());
    await press(page, 'Cancel');
    const link = await waitFor(/(cursor:\S+)/, opened);
    const back = Object.fromEntries(new URL(link).searchParams);
    check('the app is told', back.error === 'access_denied' && !back.code, link);
    await inspect(page, 'return', 'You are not signed in');
    check('the browser has no complaint', complaints.every(aboutTheApp), complaints);
}

/** The code is shown here and confirmed at GitLab in a second tab; the page goes on by itself. */
async function device(base, browser) {
    const { context, page, complaints } = await visit(browser);
    const { program, waiting } = await start(base);
    await page.goto(await program.deviceLink());
    await inspect(page, 'device-consent', 'Allow access to GitLab?');
    await press(page, 'Approve');
    await inspect(page, 'device-waiting', 'Confirm at GitLab');
    await keepCookies(context);
    plant(new URL(page.url()).searchParams.get('flow_state'));
    const shown = await page.locator('#user-code').innerText();
    const other = await visit(browser);
    const answer = await other.page.goto(page.url());
    check('another browser is refused', answer.status() === 403, answer.status());
    await inspect(other.page, 'device-other-browser', 'The sign-in did not work');
    const tab = context.waitForEvent('page');
    await page.getByRole('link', { name: 'Open ' }).click();
    const second = await tab;
    await confirm(second, shown);
    await page.getByRole('heading', { level: 1, name: 'Copy this code' }).waitFor();
    await inspect(page, 'device-complete', 'Copy this code');
    const code = await page.locator('#code').innerText();
    check('a code is shown', CODE.test(code), code);
    await page.reload();
    check('a reload shows it again', (await page.locator('#code').innerText()) === code, await page.content());
    await byHand(program, code);
    await page.reload();
    check('a code that was redeemed is not shown again', !(await page.content()).includes(code), await page.content());
    check('the browser has no complaint', complaints.every(aboutStatus), complaints);
    waiting.close();
}

/** The same without scripts. */
async function plain(base, browser) {
    const { context, page, complaints } = await visit(browser, { javaScriptEnabled: false });
    const { program, waiting } = await start(base);
    await page.goto(await program.deviceLink());
    await press(page, 'Approve');
    check('it says when to press', await page.getByText('Press Check now').isVisible(), await page.content());
    await checkNow(page);
    check('it waits', (await page.locator('h1').innerText()) === 'Confirm at GitLab', await page.content());
    const shown = await page.locator('#user-code').innerText();
    const link = await page.getByRole('link', { name: 'Open ' }).getAttribute('href');
    const second = await context.newPage();
    await second.goto(link);
    await confirm(second, shown);
    for (let presses = 0; presses < 20 && (await page.locator('h1').innerText()) !== 'Copy this code'; presses += 1) {
        await page.waitForTimeout(500);
        await checkNow(page);
    }
    await shot(page, 'plain-complete');
    await byHand(program, await page.locator('#code').innerText());
    check('the browser has no complaint', complaints.length === 0, complaints);
    waiting.close();
}

/** Every page that says what went wrong and that a person can come to see. */
async function errors(base, browser) {
    const { context, page, complaints } = await visit(browser);
    const { program, waiting } = await start(base);
    const link = new URL(await program.link());
    const callback = SETTING === 'session' ? '/oauth/callback' : '/callback';
    const changed = (name, value) => {
        const other = new URL(link);
        other.searchParams.set(name, value);
        return other.href;
    };
    for (const [name, place, status, heading] of [
        ['unknown-client', changed('client_id', 'nobody'), 400, 'This program is not known here'],
        ['foreign-address', changed('redirect_uri', 'https://evil.example/cb'), 400, 'The program gave an address that is not its own'],
        ['unknown-state', `${base}${callback}?state=nobody&code=nothing`, 400, 'This sign-in is not open'],
        ['no-state', `${base}${callback}?code=nothing`, 400, 'This sign-in is not open'],
        ...(SETTING === 'session' ? [
            ['unknown-flow', `${base}/oauth/poll?flow_state=nobody`, 400, 'The sign-in did not work'],
        ] : []),
    ]) {
        const answer = await page.goto(place);
        check(`${name}: the status`, answer.status() === status, answer.status());
        await inspect(page, name, heading);
    }

    // The browser forgot its cookies while the person was thinking.
    await page.goto(link.href);
    await context.clearCookies();
    await press(page, 'Approve');
    await inspect(page, 'stale-form', 'This form cannot be used');

    // A way back that is opened in another browser is spent.
    const stolen = await wayBack(page, link.href, callback);
    const other = await visit(browser);
    await other.page.goto(stolen);
    await inspect(other.page, 'other-browser', 'This sign-in was started elsewhere');
    await page.goto(stolen);
    await inspect(page, 'ended', 'This sign-in is not open');

    // And one that was used cannot be used twice.
    const own = await wayBack(page, link.href, callback);
    await page.goto(own);
    await page.getByText('back at the program').waitFor();
    await page.goto(own);
    await inspect(page, 'finished', 'This sign-in is already finished');
    check('the program is signed in all the same', (await waiting.came).code, await waiting.came);

    check('the browser has no complaint', [...complaints, ...other.complaints].every(aboutStatus), complaints);
    // The twin: what a page's policy does not allow is heard of.
    const before = complaints.length;
    await page.evaluate(() => {
        document.head.append(Object.assign(document.createElement('style'), { textContent: 'h1 { color: red }' }));
    });
    check('a violation is a complaint', complaints.slice(before).some((one) => one.includes('Content Security Policy')), complaints);
    waiting.close();
}

/** The address that GitLab sends the browser back to, before the browser gets there. */
async function wayBack(page, link, callback) {
    let place = '';
    await page.route(`${GITLAB}/oauth/authorize`, async (route) => {
        const answer = await route.fetch({ maxRedirects: 0 });
        place = answer.headers().location;
        await route.fulfill({ contentType: 'text/plain', body: 'kept from the server' });
    });
    await atGitLab(page, link);
    await press(page, 'Authorize');
    await page.getByText('kept from the server').waitFor();
    await page.unroute(`${GITLAB}/oauth/authorize`);
    check('GitLab leads back here', new URL(place).pathname === callback, place);
    plant(new URL(place).searchParams.get('code'), new URL(place).searchParams.get('state'));
    return place;
}

async function start(base) {
    const waiting = await listener();
    return { program: new Program(base, waiting.redirectUri), waiting };
}

/** From the program's link to GitLab's question. */
async function atGitLab(page, link) {
    await page.goto(link);
    await press(page, 'Approve');
    await keepCookies(page.context());
    await page.locator('#sign_in, #authorize').first().waitFor();
    if (await page.locator('#sign_in').count()) {
        await signIn(page);
    }
}

/** What a program does with what the browser brought. */
async function works(program, back) {
    await program.redeem(back.code);
    check('the program acts as the person', (await program.whoami()) === PERSON.login, program.kept);
}

async function byHand(program, code) {
    const answer = await program.redeemByHand(code);
    check('the code is redeemed', answer.status === 200, answer);
    check('the program acts as the person', (await program.whoami()) === PERSON.login, answer);
}

/** GitLab's pages for a device: the code is in the form already. */
async function confirm(page, shown) {
    page.setDefaultTimeout(20_000);
    await page.waitForSelector('#sign_in, #user_code');
    if (await page.locator('#sign_in').count()) {
        await signIn(page);
    }
    const typed = await page.inputValue('#user_code');
    check('GitLab knows the code', typed.replace(/\W/g, '') === shown.replace(/\W/g, ''), [typed, shown]);
    await press(page, 'Continue');
    await press(page, 'Authorize');
    await page.getByText('Device successfully authorized').waitFor();
}

async function checkNow(page) {
    const loaded = page.waitForEvent('load');
    await press(page, 'Check now');
    await loaded;
}

/** An application at the mock, made by its administrator. */
async function application(base) {
    // GitLab takes any port with an address of this computer, but not with its name.
    const redirectUris = [`${base}/callback`, `${base}/oauth/callback`, 'http://127.0.0.1/callback'];
    const answer = await fetch(`${GITLAB}/api/v4/applications`, {
        method: 'POST',
        headers: { 'private-token': ROOT, 'content-type': 'application/json' },
        body: JSON.stringify({ name: 'team', redirect_uri: redirectUris.join('\n'), scopes: 'api read_api read_user', confidential: false }),
    });
    const made = await answer.json();
    check('GitLab has an application', answer.status === 201, made);
    return made.application_id;
}

/** What passed between the server and GitLab is nobody else's business. */
async function plantWhatGitLabSaw() {
    const all = await (await fetch(`${GITLAB}/-/mock/ledger`)).json();
    for (const { headers, path, body } of all) {
        plant(headers.authorization?.replace(/^Bearer /, ''));
        if (path.startsWith('/oauth/')) {
            const form = new URLSearchParams(body);
            plant(...['code', 'code_verifier', 'refresh_token', 'device_code', 'token'].map((name) => form.get(name)));
        }
    }
}
