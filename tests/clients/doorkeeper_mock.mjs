// Doorkeeper and our mock GitLab are asked the same and must answer the same: status, members, error
// word, challenge.
//
// Usage: node doorkeeper_mock.mjs

import { createHash } from 'node:crypto';

import { check, script, setting } from './steps.mjs';
import { Person } from './person.mjs';
import { BACK, DIFFERENT, QUESTIONS, VERIFIER, client, redemption } from './doorkeeper_questions.mjs';
import { UPSTREAM, registered } from './upstream.mjs';

const PKCE = {
    code_challenge: createHash('sha256').update(VERIFIER).digest('base64url'), code_challenge_method: 'S256',
};

/** Errors for which GitLab, or a later Doorkeeper, has words of its own. */
const OTHER_WORDS = ['invalid_redirect_uri', 'invalid_code_challenge_method'];

/** One of the two. */
class Provider {
    constructor(base, [application, other, confidential]) {
        Object.assign(this, { base, application, other, confidential });
        this.person = new Person();
    }

    /** One answer, without what differs from token to token. */
    async ask(path, { fields, headers = {}, query = {} } = {}) {
        const url = new URL(path, this.base);
        url.search = new URLSearchParams(query);
        const answer = await fetch(url, {
            method: fields ? 'POST' : 'GET', headers, body: fields && new URLSearchParams(fields), redirect: 'manual',
        });
        const text = await answer.text();
        return {
            status: answer.status,
            body: plain(text),
            type: answer.headers.get('content-type'),
            challenge: answer.headers.get('www-authenticate'),
            // Doorkeeper says it of tokens alone; more of it does no harm.
            ...path === '/oauth/token' && {
                kept: !answer.headers.get('cache-control').includes('no-store') || answer.headers.get('pragma') !== 'no-cache',
            },
        };
    }

    token(fields, headers) {
        return this.ask('/oauth/token', { fields, headers });
    }

    question(more = {}) {
        return new URLSearchParams({
            client_id: this.application.client_id, redirect_uri: BACK, response_type: 'code', scope: 'api',
            state: 'the state', ...PKCE, ...more,
        });
    }

    /** Where the browser comes back to after the person said yes. */
    back(more) {
        const link = `${this.base}/oauth/authorize?${this.question(more)}`;
        return this.person.walk(link, (url) => url.startsWith(BACK));
    }

    /** The same, by names and words. */
    async approved() {
        return described(await this.back());
    }

    async code(more) {
        return new URL(await this.back(more)).searchParams.get('code');
    }

    async pair(application = this.application) {
        const code = await this.code({ client_id: application.client_id });
        const answer = await fetch(`${this.base}/oauth/token`, {
            method: 'POST', body: new URLSearchParams({ ...client(application), ...redemption(code) }),
        });
        return answer.json();
    }

    /** The page that refuses an authorization request: its status and what it is about. */
    async page(more) {
        const person = this.person;
        const query = this.question(more);
        [...query].filter(([, value]) => value === '').forEach(([name]) => query.delete(name));
        await person.ask({ url: `${this.base}/oauth/authorize?${query}` });
        return { status: person.status, asks: person.page.includes('name="response_type"') };
    }

    /** An answer to the question that was changed on its way. */
    async changed(more) {
        const person = this.person;
        await person.walk(`${this.base}/oauth/authorize?${this.question()}`, (url, page) => page.includes('code_challenge'));
        const denies = '_method' in more;
        const next = person.answer(person.forms().find((form) => form.includes('value="delete"') === denies));
        Object.assign(next.form, more);
        Object.keys(next.form).filter((name) => next.form[name] === '').forEach((name) => delete next.form[name]);
        const onward = await person.ask(next);
        return onward ? { back: described(onward.url) } : { page: plain(person.page) };
    }
}

/** Where a browser is sent, by names and words. */
function described(url) {
    const { origin, pathname, searchParams, hash } = new URL(url);
    const [query, fragment] = [searchParams, new URLSearchParams(hash.slice(1))].map((all) => replaced(Object.fromEntries(all)));
    return { place: origin + pathname, query, fragment };
}

function plain(text) {
    try {
        return replaced(JSON.parse(text));
    } catch {
        return text.slice(0, 300);
    }
}

/** A value without what is drawn by lot or read from the clock. */
function replaced(value) {
    if (Array.isArray(value)) {
        return value.map(replaced);
    }
    if (value && typeof value === 'object') {
        const names = Object.keys(value).sort().filter(
            (name) => name !== 'error_description' || !OTHER_WORDS.includes(value.error),
        );
        return Object.fromEntries(names.map((name) => [name, replaced(value[name])]));
    }
    if (typeof value === 'number') {
        return 'a number';
    }
    return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value) ? '64 hex' : value;
}

await script(async () => {
    const ours = [];
    for (const confidential of [false, false, true]) {
        ours.push(await registered('http://mcp.example', confidential));
    }
    const doorkeeper = new Provider(UPSTREAM, ours);
    const mock = new Provider(setting('MOCK'), JSON.parse(setting('MOCK_APPLICATIONS')));
    let same = 0;
    for (const [name, ask] of Object.entries(QUESTIONS)) {
        const [wanted, got] = [await told(ask, doorkeeper), await told(ask, mock)];
        const agree = wanted === got;
        same += agree;
        if (agree === DIFFERENT.has(name)) {
            check(name, false, `Doorkeeper: ${wanted}\nmock:       ${got}`);
        }
    }
    check(`${same} answers of ${Object.keys(QUESTIONS).length} are the same`, same > 0);
});

async function told(ask, provider) {
    try {
        return JSON.stringify(await ask(provider));
    } catch (error) {
        return `no answer: ${error}`;
    }
}
