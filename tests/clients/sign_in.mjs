// A server that signs its users in with GitLab, a program that uses it, and what both must keep to
// themselves.
//
// GITLAB_MCP_TEST_LOGS is the folder for what the server logs at its most talkative, and for the
// secrets that must not stand there.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect, createServer as createDoor } from 'node:net';
import { join } from 'node:path';

import { load, setting, texts } from './steps.mjs';
import { waitFor } from './browser.mjs';

/** The ways to set the server up. */
export const SETTINGS = {
    'callback-proxy': { GITLAB_MCP_OAUTH: 'true', GITLAB_OAUTH_CALLBACK_PROXY: 'true' },
    passthrough: { GITLAB_MCP_OAUTH: 'true' },
    session: { OAUTH_ENABLED: 'true' },
};

/** Names a secret that nothing may log. */
export function plant(...secrets) {
    for (const secret of secrets.filter(Boolean)) {
        appendFileSync(join(setting('LOGS'), `${logName()}.secrets`), `${secret}\n`);
    }
}

function logName() {
    return `sign-in-${process.argv.slice(1).map((word) => word.split('/').pop()).join('-')}`;
}

/**
 * Runs `body` with a server in the named setting, or with several of one URL; `further` makes the rest
 * of their environment from that URL, and `body` gets the URL and what they have logged. The URL is
 * known before they start, because it is that of a door in front of them, which leads to one after the
 * other; it is another site than GitLab's for a browser.
 */
export async function withServer(name, further, body, replicas = 1) {
    const master = randomBytes(32).toString('base64url');
    plant(master);
    const servers = [];
    let turn = 0;
    const door = createDoor((coming) => {
        turn += 1;
        const going = connect(servers[turn % servers.length].port, '127.0.0.1');
        coming.pipe(going).pipe(coming);
        coming.on('error', () => going.destroy());
        going.on('error', () => coming.destroy());
    });
    await new Promise((resolve) => door.listen(0, '127.0.0.1', resolve));
    const base = `http://localhost:${door.address().port}`;
    const environment = {
        HOME: setting('FOLDER'),
        STREAMABLE_HTTP: 'true', HOST: '127.0.0.1', PORT: '0',
        MCP_SERVER_URL: base,
        OAUTH_SESSION_SECRET: master,
        MAX_REQUESTS_PER_MINUTE: '100000', OAUTH_REQUEST_RATE_LIMIT_PER_MINUTE: '10000',
        LOG_LEVEL: 'trace',
        ...SETTINGS[name], ...await further(base),
    };
    try {
        while (servers.length < replicas) {
            servers.push(startServer(environment));
            await servers.at(-1).listens();
        }
        return await body(base, () => servers.map(({ said }) => said).join(''));
    } finally {
        for (const server of servers) {
            server.process.kill('SIGTERM');
            await server.ended;
        }
        door.close();
    }
}

/** A server, and when it listens; the log of each goes to the same file. */
function startServer(env) {
    const process = spawn(setting('PROGRAM'), [], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    const server = { process, said: '', ended: new Promise((resolve) => process.on('close', resolve)) };
    process.stderr.on('data', (chunk) => {
        server.said += chunk;
        appendFileSync(join(setting('LOGS'), `${logName()}.log`), chunk);
    });
    server.listens = async () => {
        server.port = Number(await Promise.race([
            waitFor(/listening on http:\/\/127\.0\.0\.1:(\d+)/, () => server.said),
            server.ended.then(() => Promise.reject(new Error(`the server ended: ${server.said.slice(-2000)}`))),
        ]));
    };
    return server;
}

/** A program on this computer that waits for its code; `came` is what the browser brought. */
export async function listener() {
    let arrived;
    const came = new Promise((resolve) => {
        arrived = resolve;
    });
    const http = createServer((request, response) => {
        const url = new URL(request.url, 'http://127.0.0.1');
        response.setHeader('content-type', 'text/plain');
        response.end('back at the program');
        if (url.pathname === '/callback') {
            arrived(Object.fromEntries(url.searchParams));
        }
    });
    await new Promise((resolve) => http.listen(0, '127.0.0.1', resolve));
    const redirectUri = `http://127.0.0.1:${http.address().port}/callback`;
    return {
        came, redirectUri, close: () => {
            http.closeAllConnections();
            http.close();
        },
    };
}

/** A program as the TypeScript SDK makes one: it finds its way from the URL of the server alone. */
export class Program {
    constructor(base, redirectUri) {
        this.endpoint = new URL(`${base}/mcp`);
        this.base = base;
        this.redirectUrl = redirectUri;
        this.kept = {};
        this.clientMetadata = {
            client_name: 'Editor of the tests', redirect_uris: [redirectUri], response_types: ['code'],
            grant_types: ['authorization_code', 'refresh_token'], token_endpoint_auth_method: 'none',
        };
    }

    state() {
        this.kept.state ??= randomBytes(16).toString('base64url');
        plant(this.kept.state);
        return this.kept.state;
    }

    clientInformation() {
        return this.kept.client;
    }

    saveClientInformation(client) {
        this.kept.client = client;
    }

    tokens() {
        return this.kept.tokens;
    }

    saveTokens(tokens) {
        plant(tokens.access_token, tokens.refresh_token);
        this.kept.tokens = tokens;
    }

    codeVerifier() {
        return this.kept.verifier;
    }

    saveCodeVerifier(verifier) {
        plant(verifier);
        this.kept.verifier = verifier;
    }

    redirectToAuthorization(link) {
        this.kept.link = link.href;
    }

    /** The link for the browser. */
    async link() {
        const { auth } = load('@modelcontextprotocol/sdk/client/auth.js');
        await auth(this, { serverUrl: this.endpoint });
        return this.kept.link;
    }

    /** The same without a redirect URI: the device page. */
    async deviceLink() {
        const link = new URL(await this.link());
        link.searchParams.delete('redirect_uri');
        return link.href;
    }

    /** Redeems a code the way the SDK does. */
    async redeem(code) {
        plant(code);
        const { auth } = load('@modelcontextprotocol/sdk/client/auth.js');
        return auth(this, { serverUrl: this.endpoint, authorizationCode: code });
    }

    /** Redeems a code that came without a redirect. */
    async redeemByHand(code) {
        plant(code);
        const answer = await this.post('/token', {
            grant_type: 'authorization_code', code, code_verifier: this.kept.verifier,
        });
        if (answer.status === 200) {
            this.saveTokens(answer.body);
        }
        return answer;
    }

    /** Renews its tokens by hand: with the last refresh token, or with another. */
    async refresh(token = this.kept.tokens.refresh_token) {
        const answer = await this.post('/token', { grant_type: 'refresh_token', refresh_token: token });
        if (answer.status === 200) {
            this.saveTokens(answer.body);
        }
        return answer;
    }

    /** A form of this client. */
    async post(path, fields) {
        const body = new URLSearchParams({ client_id: this.kept.client.client_id, ...fields });
        const answer = await fetch(`${this.base}${path}`, { method: 'POST', body });
        const text = await answer.text();
        return { status: answer.status, body: text && JSON.parse(text) };
    }

    /** The same in one request, without a session: for many at once. */
    async whoamiAtOnce() {
        const version = '2026-07-28';
        const answer = await fetch(this.endpoint, {
            method: 'POST',
            headers: {
                authorization: `Bearer ${this.kept.tokens.access_token}`,
                accept: 'application/json, text/event-stream',
                'content-type': 'application/json',
                'mcp-protocol-version': version, 'mcp-method': 'tools/call', 'mcp-name': 'whoami',
            },
            body: JSON.stringify({
                jsonrpc: '2.0', id: 1, method: 'tools/call',
                params: {
                    name: 'whoami', arguments: {},
                    _meta: {
                        'io.modelcontextprotocol/protocolVersion': version,
                        'io.modelcontextprotocol/clientCapabilities': {},
                    },
                },
            }),
        });
        const text = await answer.text();
        const told = text.match(/"username":"([^"]+)"/)?.[1];
        return told ?? `${answer.status} ${text}`;
    }

    /** Who GitLab says it is. */
    async whoami() {
        const { Client } = load('@modelcontextprotocol/sdk/client/index.js');
        const { StreamableHTTPClientTransport } = load('@modelcontextprotocol/sdk/client/streamableHttp.js');
        const client = new Client({ name: 'gitlab-mcp-tests', version: '1.0.0' });
        await client.connect(new StreamableHTTPClientTransport(this.endpoint, { authProvider: this }));
        const result = await client.callTool({ name: 'whoami', arguments: {} });
        await client.close();
        return result.isError ? texts(result).join('') : result.structuredContent.item.user.username;
    }
}
