// Rows O (OAuth and discovery) that need no browser: the client's requester takes whole addresses
// as well as paths, and so reaches what lies beside the API. Tokens come from the password grant.

import { ROOT, holds, refused, same } from './gitbeaker_stage.mjs';

const CALLBACK = 'http://127.0.0.1/callback';
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';

/** The authorization server of the mock, as an application of its own sees it. */
async function server(stage, scopes = 'api read_user openid') {
    const { mock } = stage;
    const { requester } = stage.root.Users;
    const { body: made } = await requester.post('applications', {
        body: {
            name: stage.fresh('desk'), redirect_uri: CALLBACK, scopes, confidential: false,
        },
    });
    const uid = made.application_id;
    const url = mock.url;
    const get = async (path, client = stage.root) => (
        (await client.Users.requester.get(`${url}${path}`)).body
    );
    const post = async (path, fields) => {
        const body = { client_id: uid, ...fields };
        return (await requester.post(`${url}${path}`, { body })).body;
    };
    const { password } = mock.secrets.users.find((one) => one.username === 'alice');
    const pair = (scope = 'api') => post('/oauth/token', {
        grant_type: 'password', username: 'alice', password, scope,
    });
    const refuses = async (status, word, path, fields) => {
        const { text } = await refused(status, () => post(path, fields));
        same(text, word);
    };
    const bearer = ({ access_token: oauthToken }) => stage.client({ oauthToken });
    return { uid, url, get, post, pair, refuses, bearer };
}

const user = async (client) => (await client.Users.showCurrentUser()).username;

const registration = async (stage) => {
    const { post, refuses } = await server(stage);
    const desk = { client_name: 'desk', redirect_uris: [CALLBACK] };
    // Every request of an hour counts, those of the other row too.
    await stage.mock.advance(3600);
    const made = await post('/oauth/register', desk);
    same([made.scope, made.dynamic, made.require_pkce], ['mcp', true, true]);
    const nameless = { redirect_uris: [CALLBACK] };
    await refuses(400, 'invalid_client_metadata', '/oauth/register', nameless);
    for (let count = 0; count < 8; count += 1) await post('/oauth/register', desk);
    // The client would repeat a 429 for minutes.
    const answer = await fetch(`${stage.mock.url}/oauth/register`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(desk),
    });
    same(answer.status, 429);
};

const refresh = async (stage) => {
    const { bearer, pair, post, refuses } = await server(stage);
    const old = await pair();
    same(await user(bearer(old)), 'alice');
    const fields = { grant_type: 'refresh_token', refresh_token: old.refresh_token };
    const fresh = await post('/oauth/token', fields);
    same(await user(bearer(fresh)), 'alice');
    await refused(401, () => user(bearer(old)));
    await refuses(400, 'invalid_grant', '/oauth/token', fields);
    same(await user(bearer(fresh)), 'alice');
};

const devices = async (stage) => {
    const { bearer, post, refuses, uid } = await server(stage);
    const start = '/oauth/authorize_device';
    const device = await post(start, { scope: 'read_user' });
    same([device.expires_in, device.interval], [300, 5]);
    const poll = { grant_type: DEVICE, device_code: device.device_code };
    await refuses(400, 'authorization_pending', '/oauth/token', poll);
    await refuses(400, 'slow_down', '/oauth/token', poll);
    await stage.mock.advance(5);
    const edit = (change) => stage.mock.control('POST', 'edit', change);
    await edit({ do: 'approve_device', user_code: device.user_code, user: 'bob' });
    same(await user(bearer(await post('/oauth/token', poll))), 'bob');
    await refuses(400, 'invalid_grant', '/oauth/token', poll);
    const late = await post(start, {});
    await stage.mock.advance(300);
    const expired = { ...poll, device_code: late.device_code };
    await refuses(400, 'expired_token', '/oauth/token', expired);
    await edit({ do: 'set_device_grant', application: uid, value: false });
    await refuses(400, 'access_denied', start, {});
};

const ending = async (stage) => {
    const { bearer, pair, post, uid } = await server(stage);
    const other = await server(stage);
    const tokens = await pair();
    const token = tokens.access_token;
    const seen = await post('/oauth/introspect', { token });
    same([seen.active, seen.client_id, seen.scope], [true, uid, 'api']);
    await other.refuses(403, 'unauthorized_client', '/oauth/revoke', { token });
    same(await post('/oauth/revoke', { token }), {});
    same(await post('/oauth/introspect', { token }), { active: false });
    same(await post('/oauth/revoke', { token: 'unheard-of' }), {});
    await refused(401, () => user(bearer(tokens)));
};

export const ROWS = {
    O01: async (stage) => {
        const { get, url } = await server(stage);
        const openid = await get('/.well-known/openid-configuration');
        holds(!('registration_endpoint' in openid), 'registration_endpoint');
        same(openid.code_challenge_methods_supported, ['plain', 'S256']);
        const plain = await get('/.well-known/oauth-authorization-server');
        same(plain.registration_endpoint, `${url}/oauth/register`);
        const mcp = await get('/.well-known/oauth-authorization-server/api/v4/mcp');
        same([mcp.issuer, mcp.scopes_supported], [url, ['mcp']]);
        const about = await get('/.well-known/oauth-protected-resource/api/v4/mcp');
        same(about.resource, [`${url}/api/v4/mcp`]);
    },
    O02: registration,
    O03: registration,
    O10: refresh,
    O11: refresh,
    O12: devices,
    O13: devices,
    O14: ending,
    O15: ending,
    O16: async (stage) => {
        const { bearer, get, pair, uid } = await server(stage);
        const client = bearer(await pair('openid read_user'));
        const { id } = await client.Users.showCurrentUser();
        const info = await get('/oauth/token/info', client);
        same([info.resource_owner_id, info.application.uid], [id, uid]);
        same((await get('/oauth/userinfo', client)).sub, String(id));
        const narrow = bearer(await pair('api'));
        await refused(403, () => get('/oauth/userinfo', narrow));
        await refused(401, () => get('/oauth/token/info', stage.client({ oauthToken: ROOT })));
    },
};
