// The command line of the inspector, package `@modelcontextprotocol/inspector` 2.x: one process for
// each call, which share what they keep on disk. It opens a browser and listens by itself.
//
// Usage: node oauth_inspector.mjs legacy|modern

import { spawn } from 'node:child_process';
import { join } from 'node:path';

import { PERSON, checkNames, letExpire, work } from './oauth_steps.mjs';
import { check, script, setting } from './steps.mjs';

const CLI = join(
    setting('NODE_PACKAGES'), 'node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js',
);

await script(async () => {
    const listed = await inspect(['--method', 'tools/list']);
    checkNames(listed.answer?.result?.tools ?? []);
    const call = async (name, args) => {
        const done = await inspect([
            '--method', 'tools/call', '--tool-name', name, '--tool-args-json', JSON.stringify(args),
        ]);
        return done.answer?.result ?? { isError: true, content: [], ...done };
    };
    await work('signed in', call);
    await letExpire();
    await work('refreshed', call);
});

/** Runs the inspector once. Without a terminal it opens no browser unless it is told to. */
async function inspect(args) {
    const callback = `http://127.0.0.1:${setting('PORT')}/oauth/callback`;
    const child = spawn(process.execPath, [
        CLI, '--cli', setting('URL'), '--transport', 'http', '--protocol-era', process.argv[2],
        '--callback-url', callback, '--format', 'json', ...args,
    ], {
        env: {
            ...process.env,
            HOME: setting('FOLDER'),
            BROWSER: PERSON,
            MCP_AUTO_OPEN_ENABLED: 'true',
        },
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (data) => { stdout += data; });
    child.stderr.on('data', (data) => { stderr += data; });
    const limit = setTimeout(() => child.kill(), 60_000);
    const code = await new Promise((resolve) => child.on('exit', resolve));
    clearTimeout(limit);
    let answer;
    try {
        answer = JSON.parse(stdout);
    } catch {
        check('the inspector answers in JSON', false, { code, stdout: stdout.slice(-500), stderr: stderr.slice(-1500) });
    }
    return { code, answer, stderr: stderr.slice(-1000) };
}
