// The second TypeScript client, package `@modelcontextprotocol/client` 2.x.
//
// Usage: node ts_client_v2.mjs http|stdio default|auto|pinned

import { LEGACY, MODERN, check, close, load, script, session, setting, stdioServer } from './steps.mjs';

const NEGOTIATIONS = {
    default: [undefined, LEGACY],
    auto: [{ mode: 'auto' }, MODERN],
    pinned: [{ mode: { pin: MODERN } }, MODERN],
};

await script(async () => {
    const [transportName, mode] = process.argv.slice(2);
    const [versionNegotiation, version] = NEGOTIATIONS[mode];
    const { Client } = load('@modelcontextprotocol/client');
    const client = new Client(
        { name: 'gitlab-mcp-tests', version: '1.0.0' },
        // In the modern era this keeps a subscription open, which must not keep the server.
        { versionNegotiation, listChanged: { tools: { onChanged() {} } } },
    );
    const transport = transportName === 'http' ? http() : stdio();
    const errors = await session(client, transport);
    const negotiated = client.getNegotiatedProtocolVersion();
    check('negotiated version', negotiated === version, negotiated);
    await close(client, transport, errors);
});

function http() {
    const { StreamableHTTPClientTransport } = load('@modelcontextprotocol/client');
    const headers = { Authorization: `Bearer ${setting('BEARER')}` };
    return new StreamableHTTPClientTransport(new URL(setting('URL')), { requestInit: { headers } });
}

function stdio() {
    const { StdioClientTransport } = load('@modelcontextprotocol/client/stdio');
    return new StdioClientTransport(stdioServer());
}
