// The first TypeScript client, package `@modelcontextprotocol/sdk` 1.x, with its own OAuth.
//
// Usage: node oauth_ts_sdk_v1.mjs

import { session } from './oauth_steps.mjs';
import { load, script, setting } from './steps.mjs';

await script(async () => {
    const { Client } = load('@modelcontextprotocol/sdk/client/index.js');
    const { StreamableHTTPClientTransport } = load('@modelcontextprotocol/sdk/client/streamableHttp.js');
    const { UnauthorizedError } = load('@modelcontextprotocol/sdk/client/auth.js');
    const make = (authProvider) => ({
        client: new Client({ name: 'gitlab-mcp-tests', version: '1.0.0' }),
        transport: new StreamableHTTPClientTransport(new URL(setting('URL')), { authProvider }),
    });
    await session(make, UnauthorizedError, (transport, arrived) => transport.finishAuth(arrived.code));
});
