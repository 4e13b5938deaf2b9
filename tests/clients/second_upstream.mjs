// Another OAuth server in GitLab's place: `oidc-provider` behind GitLab's paths, and the little of
// GitLab's API that a sign-in and `whoami` ask for. What the product takes for granted about GitLab
// beyond the RFCs shows here.
//
// Usage: node second_upstream.mjs
//
// `GET /-/seen` tells what the OAuth endpoints were asked and what they handed out.

import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';

import { load } from './steps.mjs';

/** The one application: public, with the callbacks of both modes at any port. */
const CLIENT_ID = 'second-upstream-application';
const USERS = { alice: 41, bob: 42 };
/** Seconds of an access token: short enough that renewals happen while a test runs. */
const LIFE = 3;
const SHOWN = ['/oauth/token', '/oauth/revoke', '/oauth/authorize_device'];

const seen = [];
const http = createServer();
await new Promise((resolve) => http.listen(0, '127.0.0.1', resolve));
const base = `http://127.0.0.1:${http.address().port}`;
const provider = makeProvider();
const oauth = provider.callback();
const own = {
    '/oauth/token/info': asBearer((token) => ({
        resource_owner_id: USERS[token.accountId],
        scope: [...token.scopes],
        expires_in: token.remainingTTL,
        application: { uid: token.clientId },
        created_at: token.iat,
    })),
    '/api/v4/user': asBearer((token) => ({ id: USERS[token.accountId], username: token.accountId, state: 'active' })),
    '/api/v4/groups': asBearer(() => []),
    '/-/application': (request, response) => json(response, 200, { client_id: CLIENT_ID }),
    '/-/seen': (request, response) => json(response, 200, seen),
};
http.on('request', (request, response) => {
    const { pathname } = new URL(request.url, base);
    if (own[pathname]) {
        own[pathname](request, response);
    } else if (pathname.startsWith('/api/')) {
        json(response, 404, { message: '404 Not Found' });
    } else {
        oauth(request, response);
    }
});
console.log(`second upstream listening on ${base}`);

/** Codes with PKCE, refresh tokens that rotate and whose reuse ends the grant, devices, revocation. */
function makeProvider() {
    const { Provider } = load('oidc-provider');
    const made = new Provider(base, {
        clients: [{
            client_id: CLIENT_ID,
            client_name: 'gitlab-mcp',
            application_type: 'native',
            token_endpoint_auth_method: 'none',
            redirect_uris: ['http://localhost/callback', 'http://localhost/oauth/callback'],
            grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
            response_types: ['code'],
        }],
        scopes: ['api', 'read_api', 'read_user'],
        pkce: { required: () => true },
        rotateRefreshToken: true,
        issueRefreshToken: () => true,
        expiresWithSession: () => false,
        ttl: {
            AccessToken: LIFE, RefreshToken: 3600, AuthorizationCode: 60, DeviceCode: 300,
            Grant: 3600, Session: 3600, Interaction: 600,
        },
        features: { deviceFlow: { enabled: true }, revocation: { enabled: true } },
        routes: {
            authorization: '/oauth/authorize',
            token: '/oauth/token',
            revocation: '/oauth/revoke',
            device_authorization: '/oauth/authorize_device',
            code_verification: '/oauth/device',
        },
        cookies: { keys: [randomBytes(16).toString('hex')] },
    });
    made.use(async (context, next) => {
        await next();
        if (SHOWN.includes(context.path)) {
            const body = context.body ?? {};
            seen.push({
                path: context.path,
                asked: { ...context.oidc?.params },
                status: context.status,
                error: body.error,
                handed: [body.access_token, body.refresh_token, body.device_code].filter(Boolean),
            });
        }
    });
    return made;
}

/** Answers with what `describe` makes of the bearer's token; 401 as GitLab does without one. */
function asBearer(describe) {
    return async (request, response) => {
        const value = request.headers.authorization?.match(/^Bearer (.+)$/)?.[1];
        const token = value && await provider.AccessToken.find(value);
        if (token?.isValid) {
            json(response, 200, describe(token));
        } else {
            json(response, 401, { error: 'invalid_token', error_description: 'Token was revoked or has expired.' });
        }
    };
}

function json(response, status, body) {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
}
