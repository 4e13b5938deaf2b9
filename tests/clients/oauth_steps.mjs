// What every client that signs in by itself does: reads and writes as the right person, lets its
// token expire, and goes on.

import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { WANTED_TOOLS, check, setting, texts } from './steps.mjs';

/** Opens a link and signs in; a program that opens a browser can open this instead. */
export const PERSON = join(dirname(fileURLToPath(import.meta.url)), 'oauth_person.py');

/** Reads and writes; `call(name, args)` answers a tool result. */
export async function work(when, call) {
    const project = setting('PROJECT');
    const found = await call('get_project', { project_id: project });
    check(`${when}: reads`, !found.isError && texts(found).join('').includes(project), found);
    const marker = `${when} of ${process.argv.slice(1).join(' ').split('/').pop()} at ${Date.now()}`;
    const written = await call('create_merge_request_note', {
        project_id: project, merge_request_iid: '2', body: marker,
    });
    const item = written.structuredContent?.item;
    check(`${when}: writes`, !written.isError && item?.body === marker, written);
    check(`${when}: as the one who signed in`, item?.author?.username === setting('PERSON'), written);
}

/** Checks that the tools are there. */
export function checkNames(tools) {
    const names = new Set(tools.map((tool) => tool.name));
    const missing = WANTED_TOOLS.filter((name) => !names.has(name));
    check('tools are listed', names.size > 0 && missing.length === 0, `${names.size} tools, missing: ${missing}`);
}

/** Every access token there is, ours and GitLab's, is past its life afterwards. */
export async function letExpire() {
    const seconds = Number(setting('LIFE'));
    const moved = await fetch(`${setting('GITLAB')}/-/mock/clock`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ advance_seconds: seconds }),
    });
    check('the clock of GitLab moves', moved.ok, moved.status);
    writeFileSync(setting('CLOCK'), String(seconds));
}

/** The loopback listener of a program that opens a browser. RFC 8252 section 7.3 */
export async function listen() {
    const arrived = {};
    const server = createServer((request, response) => {
        const url = new URL(request.url, 'http://127.0.0.1');
        Object.assign(arrived, Object.fromEntries(url.searchParams));
        response.setHeader('connection', 'close');
        response.end('You can close this window.');
    });
    await new Promise((resolve) => server.listen(Number(setting('PORT')), '127.0.0.1', resolve));
    return { arrived, uri: `http://127.0.0.1:${server.address().port}/callback` };
}

/** Shows a link to the person and waits until they are done; in a real browser where there is one. */
export async function show(link) {
    if (process.env.GITLAB_MCP_TEST_CHROMIUM) {
        await (await import('./oauth_chromium.mjs')).signIn(String(link));
        return;
    }
    const person = spawn('python3', [PERSON, String(link)], { stdio: 'inherit' });
    const code = await new Promise((resolve) => person.on('exit', resolve));
    check('the person gets through', code === 0, code);
}

/** What both TypeScript clients ask of a program: its memory, and how it opens a link. */
export function provider(uri) {
    const memory = {};
    return {
        memory,
        redirectUrl: uri,
        clientMetadata: {
            client_name: 'TypeScript client of the tests',
            redirect_uris: [uri],
            grant_types: ['authorization_code', 'refresh_token'],
            response_types: ['code'],
            token_endpoint_auth_method: 'none',
        },
        state: () => (memory.state ??= crypto.randomUUID()),
        clientInformation: () => memory.client,
        saveClientInformation(client) { memory.client = client; },
        tokens: () => memory.tokens,
        saveTokens(tokens) { memory.tokens = tokens; },
        codeVerifier: () => memory.verifier,
        saveCodeVerifier(verifier) { memory.verifier = verifier; },
        discoveryState: () => memory.discovery,
        saveDiscoveryState(discovery) { memory.discovery = discovery; },
        redirectToAuthorization: show,
        invalidateCredentials(scope) { (memory.invalidated ??= []).push(scope); },
    };
}

/**
 * A whole session with one of the TypeScript clients. `make(provider)` makes a client and its
 * transport; `Unauthorized` is what it throws when it needs a code, `finish` gives it the code, and
 * `look` looks at the connected client.
 */
export async function session(make, Unauthorized, finish, look = () => {}) {
    const { arrived, uri } = await listen();
    const own = provider(uri);
    let { client, transport } = make(own);
    try {
        await client.connect(transport, { timeout: 30_000 });
        check('the server asks for a sign-in', false, 'it did not');
    } catch (error) {
        if (!(error instanceof Unauthorized)) {
            throw error;
        }
        check('the state comes back', arrived.state === own.memory.state, arrived);
        await finish(transport, arrived);
        ({ client, transport } = make(own));
        await client.connect(transport, { timeout: 30_000 });
    }
    look(client);
    const tools = [];
    let cursor;
    do {
        const page = await client.listTools(cursor ? { cursor } : undefined);
        tools.push(...page.tools);
        cursor = page.nextCursor;
    } while (cursor);
    checkNames(tools);
    const call = (name, args) => client.callTool({ name, arguments: args });
    await work('signed in', call);
    const first = own.memory.tokens.access_token;
    await letExpire();
    await work('refreshed', call);
    check('the access token is another', own.memory.tokens.access_token !== first);
    check('no credential was given up', !own.memory.invalidated, own.memory.invalidated);
    await client.close();
}
