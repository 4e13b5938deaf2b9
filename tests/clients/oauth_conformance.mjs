// The scenarios of the official conformance suite for authorization servers: the person of these
// tests opens the link it prints.
//
// Usage: node oauth_conformance.mjs

import { spawn } from 'node:child_process';
import { join } from 'node:path';

import { show } from './oauth_steps.mjs';
import { check, script, setting } from './steps.mjs';

const SUITE = join(
    setting('NODE_PACKAGES'), 'node_modules/@modelcontextprotocol/conformance/dist/index.js',
);
const SCENARIOS = 2;

await script(async () => {
    const issuer = new URL(setting('URL')).origin;
    const registered = await fetch(`${issuer}/register`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
            client_name: 'conformance suite',
            redirect_uris: [`http://127.0.0.1:${setting('PORT')}/callback`],
            token_endpoint_auth_method: 'none',
        }),
    });
    const client = await registered.json();
    check('the suite is registered', registered.status === 201, client);
    const suite = spawn(process.execPath, [
        SUITE, 'authorization', '--url', issuer, '--client-id', client.client_id,
        '--resource', setting('URL'), '--port', setting('PORT'), '--output-dir', setting('FOLDER'),
    ], { env: { ...process.env, NO_COLOR: '1' } });
    let [said, shown] = ['', false];
    const listen = (data) => {
        said += data;
        const link = said.match(/(https?:\/\/\S+\/authorize\?\S+)\s/);
        if (link && !shown) {
            shown = true;
            show(link[1]);
        }
    };
    suite.stdout.on('data', listen);
    suite.stderr.on('data', listen);
    const code = await new Promise((resolve) => suite.on('exit', resolve));
    const passed = said.match(/^✓ /gm)?.length ?? 0;
    const ok = code === 0 && passed === SCENARIOS && !/^✗ /m.test(said);
    check(`${SCENARIOS} of ${SCENARIOS} scenarios`, ok, said.slice(-1500));
});
