// A server whose GitLab is Doorkeeper: the person says no or takes the login back, the application has
// a secret, there is no device grant, and many ask at once as the access token ends.
//
// Usage: node doorkeeper.mjs callback-proxy|session CASE

import { check, script, setting } from './steps.mjs';
import { Person } from './person.mjs';
import { Program, listener, plant, withServer } from './sign_in.mjs';
import { UPSTREAM, plantSeen, refreshes, registered, seen } from './upstream.mjs';

const [SETTING, CASE] = process.argv.slice(2);
const CALLERS = 8;
/** Rounds after which the tokens of the program itself are renewed. */
const OWN_TOKENS = 50;
const CASES = { denied, ended, 'no-device': noDevice, confidential, race, 'race-replicas': race };
let application;

await script(async () => {
    const further = async (base) => {
        application = await registered(base, CASE === 'confidential');
        plant(application.client_secret);
        return {
            GITLAB_API_URL: `${UPSTREAM}/api/v4`,
            GITLAB_OAUTH_APP_ID: application.client_id,
            ...application.client_secret && { GITLAB_OAUTH_CLIENT_SECRET: application.client_secret },
            ...CASE === 'no-device' && { OAUTH_DEVICE_FLOW: 'on' },
            ...CASE.startsWith('race') && { LOG_LEVEL: 'info' },
            ...CASE === 'race-replicas' && JSON.parse(setting('STORAGE')),
        };
    };
    await withServer(SETTING, further, async (base, said) => {
        const waiting = await listener();
        await CASES[CASE](base, waiting, said);
        waiting.close();
    }, CASE === 'race-replicas' ? 3 : 1);
    await plantSeen();
});

/** The person cancels at GitLab: the program learns of it, and nothing was exchanged. */
async function denied(base, waiting) {
    const program = new Program(base, waiting.redirectUri);
    const person = new Person();
    const refusal = () => person.forms().find((form) => form.includes('value="delete"'));
    await person.walk(await program.link(), () => refusal());
    const onward = await person.ask(person.answer(refusal()));
    const back = new URL(await person.walk(onward.url, (url) => url.startsWith(waiting.redirectUri)));
    const told = Object.fromEntries(back.searchParams);
    check('the program learns of the refusal', told.error === 'access_denied' && !told.code, told);
    check('with its own state', told.state === program.state(), told);
    // The same person may change their mind.
    await signIn(program, waiting);
}

/** The person ends the login at GitLab: the next call finds out, and the program has to sign in again. */
async function ended(base, waiting) {
    const program = new Program(base, waiting.redirectUri);
    await signIn(program, waiting);
    const [access] = (await seen()).filter(({ path }) => path === '/oauth/token').pop().handed;
    const gone = await fetch(`${UPSTREAM}/oauth/revoke`, {
        method: 'POST', body: new URLSearchParams({ client_id: application.client_id, token: access }),
    });
    check('GitLab forgets the pair', gone.status === 200, gone.status);
    const called = await program.whoamiAtOnce();
    check('a call says so', called.includes('"UNAUTHORIZED"'), called);
    const asked = await refreshes();
    check('GitLab is asked for the next pair once', asked.length === 1 && asked[0].error === 'invalid_grant', asked);
    const again = await program.whoamiAtOnce();
    check('then the program is told to sign in', again.startsWith('401 '), again);
    const answer = await program.refresh();
    check('its refresh token is spent', answer.status === 400 && answer.body.error === 'invalid_grant', answer);
    check('and GitLab is left alone', (await refreshes()).length === 1);
    await signIn(new Program(base, waiting.redirectUri), waiting);
}

/** A GitLab without the device grant, as old ones are: the page says so, and the browser is a way. */
async function noDevice(base, waiting) {
    const program = new Program(base, waiting.redirectUri);
    const person = new Person();
    await person.walk(await program.deviceLink(), (url, page) => page.includes('redirect_uri'));
    check('the page tells another way', person.page.includes('sign in with a browser that comes back'), person.page);
    await signIn(program, waiting);
}

/** GitLab asks only once, and every request of the server carries the secret. */
async function confidential(base, waiting) {
    const first = await signIn(new Program(base, waiting.redirectUri), waiting);
    const program = new Program(base, waiting.redirectUri);
    const second = await signIn(program, waiting);
    check('GitLab asks at first', first.some(isQuestion), first);
    check('and then no more', !second.some(isQuestion), second);
    const answer = await program.refresh();
    check('the program renews its own tokens', answer.status === 200, answer);
    await expire();
    check('GitLab\'s tokens are renewed', await program.whoamiAtOnce() === 'alice');
    const ended = await program.post('/revoke', { token: program.kept.tokens.refresh_token });
    check('the program ends the login', ended.status === 200, ended);
    const over = await program.refresh();
    check('which is over', over.status === 400 && over.body.error === 'invalid_grant', over);
}

/** In every round the access token has ended, and many calls find out at the same time. */
async function race(base, waiting, said) {
    const program = new Program(base, waiting.redirectUri);
    await signIn(program, waiting);
    const rounds = Number(setting('ROUNDS'));
    for (let round = 1; round <= rounds; round += 1) {
        await expire();
        const names = await Promise.all(Array.from({ length: CALLERS }, () => program.whoamiAtOnce()));
        if (!names.every((name) => name === 'alice')) {
            throw new Error(`round ${round}: ${names}`);
        }
        const { refreshes, refused } = await (await fetch(`${UPSTREAM}/-/counts`)).json();
        if (refreshes !== round || refused !== 0) {
            throw new Error(`round ${round}: ${refreshes} refreshes, ${refused} of them refused`);
        }
        if (round % OWN_TOKENS === 0) {
            const answer = await program.refresh();
            check(`after ${round} rounds the program renews its own tokens`, answer.status === 200, answer);
        }
    }
    const spent = (await refreshes()).map(({ asked }) => asked.refresh_token);
    check('no refresh token is used twice', new Set(spent).size === rounds, spent.length);
    check('no login has ended', !said().includes('"login_ended"'));
    console.log(`${rounds} rounds, ${CALLERS} callers each, ${spent.length} refreshes`);
}

/** Signs in; answers the pages on the way. */
async function signIn(program, waiting) {
    const person = new Person();
    const pages = [];
    const back = new URL(await person.walk(await program.link(), (url, page) => {
        pages.push(page);
        return url.startsWith(waiting.redirectUri);
    }));
    plant(...person.cookies.filter(({ name }) => name.startsWith('gitlab-mcp')).map(({ value }) => value));
    const told = Object.fromEntries(back.searchParams);
    check('the program gets a code', told.code, told);
    await program.redeem(told.code);
    const name = await program.whoamiAtOnce();
    check('the program acts as the person', name === 'alice', name);
    return pages.filter(Boolean);
}

/** Doorkeeper's page that asks. */
function isQuestion(page) {
    return page.includes('action="/oauth/authorize"');
}

/** Every access token is at its end, at once. */
async function expire() {
    await fetch(`${UPSTREAM}/-/expire`, { method: 'POST' });
}
