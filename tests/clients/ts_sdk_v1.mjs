// The first TypeScript client, package `@modelcontextprotocol/sdk` 1.x: legacy revisions only.
//
// Usage: node ts_sdk_v1.mjs http|stdio

import { LEGACY, check, close, load, script, session, setting, stdioServer } from './steps.mjs';

await script(async () => {
    const { Client } = load('@modelcontextprotocol/sdk/client/index.js');
    const client = new Client({ name: 'gitlab-mcp-tests', version: '1.0.0' });
    const overHttp = process.argv[2] === 'http';
    const transport = overHttp ? http() : stdio();
    const errors = await session(client, transport);
    if (overHttp) {
        check('negotiated version', transport.protocolVersion === LEGACY, transport.protocolVersion);
    }
    await close(client, transport, errors);
});

function http() {
    const { StreamableHTTPClientTransport } = load('@modelcontextprotocol/sdk/client/streamableHttp.js');
    const headers = { Authorization: `Bearer ${setting('BEARER')}` };
    return new StreamableHTTPClientTransport(new URL(setting('URL')), { requestInit: { headers } });
}

function stdio() {
    const { StdioClientTransport } = load('@modelcontextprotocol/sdk/client/stdio.js');
    return new StdioClientTransport(stdioServer());
}
