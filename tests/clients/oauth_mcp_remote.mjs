// `mcp-remote` 0.15, as clients with stdio alone start it: it signs the person in and hands on what
// they say.
//
// Usage: node oauth_mcp_remote.mjs legacy|auto

import { join } from 'node:path';

import { PERSON, checkNames, letExpire, work } from './oauth_steps.mjs';
import { load, script, setting } from './steps.mjs';

const PROXY = join(setting('NODE_PACKAGES'), 'node_modules/mcp-remote/dist/proxy.js');

await script(async () => {
    const { Client } = load('@modelcontextprotocol/sdk/client/index.js');
    const { StdioClientTransport } = load('@modelcontextprotocol/sdk/client/stdio.js');
    const client = new Client({ name: 'gitlab-mcp-tests', version: '1.0.0' });
    const transport = new StdioClientTransport({
        command: process.execPath,
        args: [PROXY, setting('URL'), setting('PORT'), '--transport', 'http-only', '--protocol', process.argv[2]],
        env: {
            PATH: process.env.PATH,
            HOME: setting('FOLDER'),
            BROWSER: PERSON,
            MCP_REMOTE_CONFIG_DIR: setting('FOLDER'),
            GITLAB_MCP_TEST_PEOPLE: setting('PEOPLE'),
        },
        stderr: 'inherit',
    });
    await client.connect(transport, { timeout: 60_000 });
    const { tools } = await client.listTools();
    checkNames(tools);
    const call = (name, args) => client.callTool({ name, arguments: args });
    await work('signed in', call);
    await letExpire();
    await work('refreshed', call);
    await client.close();
});
