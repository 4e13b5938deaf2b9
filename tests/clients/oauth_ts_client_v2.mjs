// The second TypeScript client, package `@modelcontextprotocol/client` 2.x, with its own OAuth.
//
// Usage: node oauth_ts_client_v2.mjs legacy|modern

import { session } from './oauth_steps.mjs';
import { LEGACY, MODERN, check, load, script, setting } from './steps.mjs';

const NEGOTIATIONS = {
    legacy: [undefined, LEGACY],
    modern: [{ mode: { pin: MODERN } }, MODERN],
};

await script(async () => {
    const [versionNegotiation, version] = NEGOTIATIONS[process.argv[2]];
    const { Client, StreamableHTTPClientTransport, UnauthorizedError } = load('@modelcontextprotocol/client');
    const make = (authProvider) => ({
        client: new Client({ name: 'gitlab-mcp-tests', version: '1.0.0' }, { versionNegotiation }),
        transport: new StreamableHTTPClientTransport(new URL(setting('URL')), { authProvider }),
    });
    // The issuer of the answer is part of what this client checks. RFC 9207
    const finish = (transport, arrived) => transport.finishAuth(new URLSearchParams(arrived));
    await session(make, UnauthorizedError, finish, (client) => {
        const negotiated = client.getNegotiatedProtocolVersion();
        check('negotiated version', negotiated === version, negotiated);
    });
});
