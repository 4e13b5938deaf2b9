// `gitlab-mcp auth` and a browser: the code is typed, or the complete link is opened.
//
// Usage: node browser_device.mjs code|link

import { spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';

import { check, script, setting } from './steps.mjs';
import { openSignedIn, press, waitFor, withPage } from './browser.mjs';

const FILE = join(setting('FOLDER'), 'tokens.json');

await script(async () => {
    const login = auth('login', '--no-browser');
    const complete = await waitFor(/\n {2}(http\S+)\n/, login.stderr);
    const plain = await waitFor(/or open (\S+) and enter/, login.stderr);
    const code = await waitFor(/enter the code (\S+)\n/, login.stderr);
    await withPage(async (page) => {
        await openSignedIn(page, process.argv[2] === 'code' ? plain : complete);
        if (process.argv[2] === 'code') {
            await page.fill('#user_code', code);
        }
        check('the code is in the form', (await page.inputValue('#user_code')) === code, await page.content());
        await page.press('#user_code', 'Enter');
        await press(page, 'Authorize');
        const flash = await page.locator('#flash').innerText();
        check('GitLab says so', flash === 'Device successfully authorized', flash);
    });
    check('login ends with 0', (await login.ended) === 0, login.stderr());
    check('login says who it is', login.stderr().includes('signed in as alice'), login.stderr());
    check('stdout stays empty', login.stdout() === '', login.stdout());
    check('the file is private', (statSync(FILE).mode & 0o777) === 0o600, statSync(FILE).mode);

    const status = auth('status');
    check('status ends with 0', (await status.ended) === 0, status.stderr());
    check('status names the user', status.stdout().includes('alice'), status.stdout());
    const logout = auth('logout');
    check('logout ends with 0', (await logout.ended) === 0, logout.stderr());
    const after = auth('status');
    check('nobody is signed in then', (await after.ended) === 1, after.stdout());
});

function auth(...words) {
    const child = spawn(setting('PROGRAM'), [
        'auth', ...words,
        '--api-url', setting('GITLAB'),
        '--client-id', setting('CLIENT_ID'),
        '--token-path', FILE,
    ], { env: { HOME: setting('FOLDER') }, stdio: ['ignore', 'pipe', 'pipe'] });
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr']) {
        child[name].on('data', (chunk) => {
            said[name] += chunk;
        });
    }
    const ended = new Promise((resolve) => child.on('close', resolve));
    return { ended, stdout: () => said.stdout, stderr: () => said.stderr };
}
