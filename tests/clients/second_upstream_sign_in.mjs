// A program signs its user in through a server whose GitLab is another OAuth server.
//
// Usage: node second_upstream_sign_in.mjs callback-proxy|session redirect|device

import { check, script } from './steps.mjs';
import { Person } from './person.mjs';
import { Program, listener, plant, withServer } from './sign_in.mjs';
import { UPSTREAM, isKnown, plantSeen, refreshes, registered, seen, until } from './upstream.mjs';

const [SETTING, CASE] = process.argv.slice(2);
let application;

await script(async () => {
    const further = async (base) => {
        application = await registered(base);
        return {
            GITLAB_API_URL: `${UPSTREAM}/api/v4`,
            GITLAB_OAUTH_APP_ID: application.client_id,
            OAUTH_DEVICE_FLOW: 'on',
            OAUTH_REFRESH_GRACE_SECONDS: '10',
        };
    };
    await withServer(SETTING, further, async (base, said) => {
        const waiting = await listener();
        const program = new Program(base, waiting.redirectUri);
        await (CASE === 'device' ? byDevice(base, program) : byRedirect(program, waiting));
        waiting.close();
        await renewed(program);
        await revoked(program, said);
        await reused(base);
    });
    await plantSeen();
});

/** From the program's link to its code: our consent page, and sign-in and consent at the upstream. */
async function byRedirect(program, waiting) {
    const person = new Person();
    const back = new URL(await person.walk(await program.link(), (url) => url.startsWith(waiting.redirectUri)));
    plant(...ourCookies(person));
    check('the program gets its state', back.searchParams.get('state') === program.state(), back.href);
    await program.redeem(back.searchParams.get('code'));
    await isAlice(program);
}

/** The code of the upstream is typed there, and the page of ours shows one for the program. */
async function byDevice(base, program) {
    const person = new Person();
    await person.walk(await program.deviceLink(), (url, page) => page.includes('Confirm at GitLab'));
    plant(...ourCookies(person), new URL(person.url).searchParams.get('flow_state'));
    const link = person.page.match(/href="(http[^"]+user_code=[^"]+)"/)?.[1];
    check('the page leads to the upstream', link?.startsWith(`${UPSTREAM}/oauth/device?`), person.page);
    const elsewhere = new Person();
    await elsewhere.walk(link, (url, page) => page.includes('sign-in') && page.includes('successful'));
    const own = person.url;
    const code = await until('a code', async () => {
        await person.ask({ url: own });
        return person.page.match(/id="code"[^>]*>([^<]+)</)?.[1];
    });
    const answer = await program.redeemByHand(code);
    check('the code is redeemed', answer.status === 200, answer);
    await isAlice(program);
}

/** Short tokens of the upstream are renewed on the way, one at a time however many ask at once. */
async function renewed(program) {
    const before = (await refreshes()).length;
    await until('two renewals', async () => {
        const names = await Promise.all(Array.from({ length: 4 }, () => program.whoami()));
        if (!names.every((name) => name === 'alice')) {
            throw new Error(`somebody was not alice: ${names}`);
        }
        return (await refreshes()).length >= before + 2;
    });
    const all = await refreshes();
    check('no refresh token is used twice', new Set(all.map(({ asked }) => asked.refresh_token)).size === all.length, all);
    check('the upstream refuses none', all.every(({ status }) => status === 200), all);
    const answer = await program.refresh();
    check('the program renews its own tokens', answer.status === 200, answer);
    await isAlice(program);
}

/** A login that the program ends is over here and at the upstream: neither token is left there. */
async function revoked(program, said) {
    const handed = (await seen()).filter(({ path, status }) => path === '/oauth/token' && status === 200).pop();
    const [access, refresh] = handed.handed;
    const ended = await program.post('/revoke', { token: program.kept.tokens.refresh_token });
    check('the program ends the login', ended.status === 200, ended);
    await until('the end of the access token', async () => !(await isKnown(access)));
    const revocations = (await seen()).filter(({ path }) => path === '/oauth/revoke');
    check('the upstream is asked once', revocations.length === 1 && revocations[0].status === 200, revocations);
    await until('the record of the revocation', () => said().includes('"upstream_revoked"'));
    const again = await fetch(`${UPSTREAM}/oauth/token`, {
        method: 'POST',
        body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refresh, client_id: application.client_id }),
    });
    check('the refresh token is gone, too', again.status === 400, again.status);
    const answer = await program.refresh();
    check('and here', answer.status === 400 && answer.body.error === 'invalid_grant', answer);
}

/** A refresh token of ours that comes a second time ends the login, here and there. */
async function reused(base) {
    const waiting = await listener();
    const program = new Program(base, waiting.redirectUri);
    await byRedirect(program, waiting);
    waiting.close();
    const stolen = program.kept.tokens.refresh_token;
    // The first successor could be a retry; its own successor shows that it arrived.
    await program.refresh();
    await program.refresh();
    await isAlice(program);
    const access = (await seen()).filter(({ path, status }) => path === '/oauth/token' && status === 200).pop().handed[0];
    const answer = await program.refresh(stolen);
    check('a spent refresh token is refused', answer.status === 400 && answer.body.error === 'invalid_grant', answer);
    await until('the end of the access token', async () => !(await isKnown(access)));
    const own = await program.refresh();
    check('the login is over', own.status === 400, own);
}

async function isAlice(program) {
    const name = await program.whoami();
    check('the program acts as the person', name === 'alice', name);
}

function ourCookies(person) {
    return person.cookies.filter(({ name }) => name.startsWith('gitlab-mcp')).map(({ value }) => value);
}
