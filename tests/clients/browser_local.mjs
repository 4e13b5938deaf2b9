// The sign-in with the browser of this machine: a tool call, a link, GitLab's pages, the page at
// the end, and the call's answer.
//
// Usage: node browser_local.mjs waiting|link|elicitation|denied

import { statSync } from 'node:fs';
import { join } from 'node:path';

import { check, load, script, setting, texts } from './steps.mjs';
import { openSignedIn, press, waitFor, withPage } from './browser.mjs';

const WORD = process.argv[2];
const FILE = join(setting('FOLDER'), 'tokens.json');
const LINK = /(http:\S+\/oauth\/authorize\?\S+)/;

await script(async () => {
    const { ElicitRequestSchema } = load('@modelcontextprotocol/sdk/types.js');
    const asked = [];
    const first = await connect(WORD === 'link' ? 0 : 60, WORD === 'elicitation');
    if (WORD === 'elicitation') {
        first.client.setRequestHandler(ElicitRequestSchema, (request) => {
            asked.push(request.params);
            return { action: 'accept' };
        });
    }
    check('tools are listed before anybody signs in', (await first.client.listTools()).tools.length > 0);

    const calling = getProject(first.client);
    const link = await linkOf(first, calling, asked);
    await withPage(async (page) => {
        await openSignedIn(page, link);
        check('GitLab asks for consent', (await page.title()).length > 0, await page.content());
        await press(page, WORD === 'denied' ? 'Deny' : 'Authorize');
        await page.waitForURL((url) => url.pathname === '/callback');
        const heading = await page.locator('h1').innerText();
        const wanted = WORD === 'denied' ? 'You are not signed in' : 'You are signed in';
        check('the last page', heading === wanted, await page.content());
        const again = await page.goto(page.url()).then(() => 'served', () => 'refused');
        check('the listener is gone', again === 'refused', again);
    });
    const result = WORD === 'link' ? await getProject(first.client) : await calling;
    if (WORD === 'denied') {
        check('the call is told', result.isError, result);
    } else {
        check('the call works', !result.isError && texts(result).join('').includes(setting('PROJECT')), result);
        check('the file is private', (statSync(FILE).mode & 0o777) === 0o600, statSync(FILE).mode);
        const second = await connect(0, false);
        const later = await getProject(second.client);
        check('another server needs no sign-in', !later.isError, later);
        await second.client.close();
    }
    await first.client.close();
});

/** The link as this kind of client gets it. */
async function linkOf(server, calling, asked) {
    if (WORD === 'link') {
        const refused = await calling;
        check('the call hands out the link', refused.isError, refused);
        return texts(refused).join(' ').match(LINK)[1];
    }
    const printed = await waitFor(LINK, server.stderr);
    if (WORD === 'elicitation') {
        await waitFor(/(url)/, () => JSON.stringify(asked));
        check('the client is asked to show the link', asked[0].url === printed, asked);
    }
    return printed;
}

function getProject(client) {
    return client.callTool({ name: 'get_project', arguments: { project_id: setting('PROJECT') } });
}

async function connect(wait, elicitation) {
    const { Client } = load('@modelcontextprotocol/sdk/client/index.js');
    const { StdioClientTransport } = load('@modelcontextprotocol/sdk/client/stdio.js');
    const transport = new StdioClientTransport({
        command: setting('PROGRAM'),
        env: {
            HOME: setting('FOLDER'),
            GITLAB_API_URL: setting('GITLAB'),
            GITLAB_USE_OAUTH: 'true',
            GITLAB_OAUTH_CLIENT_ID: setting('CLIENT_ID'),
            GITLAB_OAUTH_REDIRECT_URI: 'http://127.0.0.1:0/callback',
            GITLAB_OAUTH_TOKEN_PATH: FILE,
            GITLAB_OAUTH_LOGIN_WAIT_SECONDS: String(wait),
            GITLAB_OAUTH_OPEN_BROWSER: 'false',
        },
        stderr: 'pipe',
    });
    let said = '';
    transport.stderr.on('data', (chunk) => {
        said += chunk;
    });
    const capabilities = elicitation ? { elicitation: { url: {} } } : {};
    const client = new Client({ name: 'gitlab-mcp-tests', version: '1.0.0' }, { capabilities });
    await client.connect(transport);
    return { client, stderr: () => said };
}
