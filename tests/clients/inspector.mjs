// The command line of the inspector, package `@modelcontextprotocol/inspector` 2.x: one process,
// and so one connection, for each call.
//
// Usage: node inspector.mjs http|stdio legacy|auto|modern

import { execFile } from 'node:child_process';
import { join } from 'node:path';

import { check, checkCalls, checkTools, script, setting } from './steps.mjs';

const CLI = join(
    setting('NODE_PACKAGES'), 'node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js',
);
const TOOL_ERROR = 5;
const [transport, era] = process.argv.slice(2);

await script(async () => {
    const listed = await inspect(['--method', 'tools/list', '--strict']);
    check('schemas are portable (--strict)', listed.code === 0, listed);
    checkTools(listed.answer?.result?.tools ?? []);
    await checkCalls(async (name, args) => {
        const done = await inspect([
            '--method', 'tools/call', '--tool-name', name, '--tool-args-json', JSON.stringify(args),
        ]);
        const result = done.answer?.result;
        const agreed = result && done.code === (result.isError ? TOOL_ERROR : 0);
        return agreed ? result : { isError: true, content: [], ...done };
    });
});

/** Runs the inspector once: exit code, parsed output, and what it said besides. */
function inspect(args) {
    const options = ['--cli', '--protocol-era', era, '--format', 'json', ...args];
    const target = transport === 'http' ? httpTarget() : stdioTarget();
    return new Promise((resolve) => {
        const limits = { timeout: 30_000, maxBuffer: 1 << 26 };
        execFile(process.execPath, [CLI, ...options, ...target], limits, (error, stdout, stderr) => {
            const answer = parse(stdout);
            const said = answer ? undefined : stdout.slice(-500);
            resolve({ code: error ? error.code : 0, answer, stdout: said, stderr: stderr.slice(-1000) });
        });
    });
}

function parse(text) {
    try {
        return JSON.parse(text);
    } catch {
        return undefined;
    }
}

function httpTarget() {
    // The target comes first: `--header` takes every word that follows it.
    return [setting('URL'), '--transport', 'http', '--header', `Authorization: Bearer ${setting('BEARER')}`];
}

function stdioTarget() {
    const environment = Object.entries(JSON.parse(setting('ENV')))
        .flatMap(([name, value]) => ['-e', `${name}=${value}`]);
    return ['--transport', 'stdio', ...environment, '--', ...JSON.parse(setting('COMMAND'))];
}
