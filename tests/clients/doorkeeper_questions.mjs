// What Doorkeeper and our mock GitLab are asked, and where their answers are different by intent.

export const BACK = 'http://mcp.example/callback';
export const VERIFIER = 'v'.repeat(43);

/** Question → why the mock does not answer as Debian's Doorkeeper does. */
export const DIFFERENT = new Map([
    ['revoke: another client', 'Doorkeeper 5.9 looks at whose token it is, 5.5 only where the client has a secret'],
]);

/** Each question, asked of one provider `p`. */
export const QUESTIONS = {
    'token: no grant type': (p) => p.token(client(p.application)),
    'token: unknown grant type': (p) => p.token({ ...client(p.application), grant_type: 'nonsense' }),
    'code: redeemed': async (p) => p.token({ ...client(p.application), ...redemption(await p.code()) }),
    'code: redeemed with a secret': async (p) => p.token({
        ...client(p.confidential), ...redemption(await p.code({ client_id: p.confidential.client_id })),
    }),
    'code: redeemed with Basic': async (p) => p.token(
        redemption(await p.code({ client_id: p.confidential.client_id })), basic(p.confidential),
    ),
    'code: twice': async (p) => {
        const fields = { ...client(p.application), ...redemption(await p.code()) };
        await p.token(fields);
        return p.token(fields);
    },
    'code: none': (p) => {
        const { code, ...fields } = redemption('');
        return p.token({ ...client(p.application), ...fields });
    },
    'code: empty': (p) => p.token({ ...client(p.application), ...redemption('') }),
    'code: none, and no client': (p) => p.token({ grant_type: 'authorization_code' }),
    'code: unknown': (p) => p.token({ ...client(p.application), ...redemption('0'.repeat(64)) }),
    'code: no client': async (p) => p.token(redemption(await p.code())),
    'code: unknown client': async (p) => p.token({ client_id: 'nobody', ...redemption(await p.code()) }),
    'code: another client': async (p) => p.token({ ...client(p.other), ...redemption(await p.code()) }),
    'code: secret missing': async (p) => p.token({
        client_id: p.confidential.client_id, ...redemption(await p.code({ client_id: p.confidential.client_id })),
    }),
    'code: secret wrong': async (p) => p.token({
        client_id: p.confidential.client_id, client_secret: 'wrong',
        ...redemption(await p.code({ client_id: p.confidential.client_id })),
    }),
    'code: a public client with a wrong secret': async (p) => p.token({
        client_id: p.application.client_id, client_secret: 'wrong', ...redemption(await p.code()),
    }),
    'code: no redirect URI': async (p) => {
        const { redirect_uri, ...fields } = redemption(await p.code());
        return p.token({ ...client(p.application), ...fields });
    },
    'code: another redirect URI': async (p) => p.token({
        ...client(p.application), ...redemption(await p.code(), { redirect_uri: 'http://mcp.example/oauth/callback' }),
    }),
    'code: no verifier': async (p) => {
        const { code_verifier, ...fields } = redemption(await p.code());
        return p.token({ ...client(p.application), ...fields });
    },
    'code: wrong verifier': async (p) => p.token({
        ...client(p.application), ...redemption(await p.code(), { code_verifier: 'w'.repeat(43) }),
    }),
    'code: wrong verifier, then the right one': async (p) => {
        const code = await p.code();
        await p.token({ ...client(p.application), ...redemption(code, { code_verifier: 'w'.repeat(43) }) });
        return p.token({ ...client(p.application), ...redemption(code) });
    },
    'code: a verifier without a challenge': async (p) => p.token({
        ...client(p.application), ...redemption(await p.code({ code_challenge: '', code_challenge_method: '' })),
    }),
    'code: plain': async (p) => p.token({
        ...client(p.application),
        ...redemption(await p.code({ code_challenge: VERIFIER, code_challenge_method: 'plain' })),
    }),
    'refresh: renewed': async (p) => p.token({ ...client(p.application), ...refreshing((await p.pair()).refresh_token) }),
    'refresh: renewed with a secret': async (p) => p.token({
        ...client(p.confidential), ...refreshing((await p.pair(p.confidential)).refresh_token),
    }),
    'refresh: twice': async (p) => {
        const fields = { ...client(p.application), ...refreshing((await p.pair()).refresh_token) };
        await p.token(fields);
        return p.token(fields);
    },
    'refresh: twice, and the family lives': async (p) => {
        const fields = { ...client(p.application), ...refreshing((await p.pair()).refresh_token) };
        const answer = await fetch(`${p.base}/oauth/token`, { method: 'POST', body: new URLSearchParams(fields) });
        const next = await answer.json();
        await p.token(fields);
        return p.token({ ...client(p.application), ...refreshing(next.refresh_token) });
    },
    'refresh: eight at once': async (p) => {
        const fields = { ...client(p.application), ...refreshing((await p.pair()).refresh_token) };
        const all = await Promise.all(Array.from({ length: 8 }, () => p.token(fields)));
        return all.map(({ status, body }) => `${status} ${body.error ?? ''}`).sort();
    },
    'refresh: the old access token': async (p) => {
        const { access_token, refresh_token } = await p.pair();
        await p.token({ ...client(p.application), ...refreshing(refresh_token) });
        return p.ask('/oauth/token/info', { headers: bearer(access_token) });
    },
    'refresh: none': (p) => p.token({ ...client(p.application), grant_type: 'refresh_token' }),
    'refresh: unknown': (p) => p.token({ ...client(p.application), ...refreshing('0'.repeat(64)) }),
    'refresh: an access token': async (p) => p.token({
        ...client(p.application), ...refreshing((await p.pair()).access_token),
    }),
    'refresh: no client': async (p) => p.token(refreshing((await p.pair()).refresh_token)),
    'refresh: unknown client': async (p) => p.token({
        client_id: 'nobody', ...refreshing((await p.pair()).refresh_token),
    }),
    'refresh: unknown, and so is the client': (p) => p.token({ client_id: 'nobody', ...refreshing('0'.repeat(64)) }),
    'refresh: another client': async (p) => p.token({ ...client(p.other), ...refreshing((await p.pair()).refresh_token) }),
    'refresh: secret missing': async (p) => p.token({
        client_id: p.confidential.client_id, ...refreshing((await p.pair(p.confidential)).refresh_token),
    }),
    'refresh: narrower': async (p) => {
        const code = await p.code({ scope: 'api read_user' });
        const fields = { ...client(p.application), ...redemption(code) };
        const answer = await fetch(`${p.base}/oauth/token`, { method: 'POST', body: new URLSearchParams(fields) });
        const { refresh_token } = await answer.json();
        return p.token({ ...client(p.application), ...refreshing(refresh_token, { scope: 'read_user' }) });
    },
    'refresh: wider': async (p) => p.token({
        ...client(p.application), ...refreshing((await p.pair()).refresh_token, { scope: 'api read_user' }),
    }),
    'refresh: wider, then as it was': async (p) => {
        const { refresh_token } = await p.pair();
        await p.token({ ...client(p.application), ...refreshing(refresh_token, { scope: 'api read_user' }) });
        return p.token({ ...client(p.application), ...refreshing(refresh_token) });
    },
    'client credentials': (p) => p.token({ ...client(p.confidential), grant_type: 'client_credentials', scope: 'api' }),
    'client credentials: secret wrong': (p) => p.token({
        client_id: p.confidential.client_id, client_secret: 'wrong', grant_type: 'client_credentials',
    }),
    'info: good': async (p) => p.ask('/oauth/token/info', { headers: bearer((await p.pair()).access_token) })
        .then((told) => ({ ...told, body: { ...told.body, application: Object.keys(told.body.application) } })),
    'info: in the query': async (p) => {
        const { status } = await p.ask('/oauth/token/info', { query: { access_token: (await p.pair()).access_token } });
        return status;
    },
    'info: the parameter comes before the header': async (p) => p.ask('/oauth/token/info', {
        query: { access_token: 'nonsense' }, headers: bearer((await p.pair()).access_token),
    }),
    'info: nothing': (p) => p.ask('/oauth/token/info'),
    'info: nonsense': (p) => p.ask('/oauth/token/info', { headers: bearer('nonsense') }),
    'info: a refresh token': async (p) => p.ask('/oauth/token/info', { headers: bearer((await p.pair()).refresh_token) }),
    'revoke: access token': async (p) => {
        const { access_token, refresh_token } = await p.pair();
        const told = await p.ask('/oauth/revoke', { fields: { ...client(p.application), token: access_token } });
        return [
            told, await p.ask('/oauth/token/info', { headers: bearer(access_token) }),
            await p.token({ ...client(p.application), ...refreshing(refresh_token) }),
        ];
    },
    'revoke: refresh token': async (p) => {
        const { access_token, refresh_token } = await p.pair();
        const told = await p.ask('/oauth/revoke', { fields: { ...client(p.application), token: refresh_token } });
        return [
            told, await p.ask('/oauth/token/info', { headers: bearer(access_token) }),
            await p.token({ ...client(p.application), ...refreshing(refresh_token) }),
        ];
    },
    'revoke: twice': async (p) => {
        const fields = { ...client(p.application), token: (await p.pair()).access_token };
        await p.ask('/oauth/revoke', { fields });
        return p.ask('/oauth/revoke', { fields });
    },
    'revoke: unknown': (p) => p.ask('/oauth/revoke', { fields: { ...client(p.application), token: 'nonsense' } }),
    'revoke: no token': (p) => p.ask('/oauth/revoke', { fields: client(p.application) }),
    'revoke: no client': async (p) => p.ask('/oauth/revoke', { fields: { token: (await p.pair()).access_token } }),
    'revoke: unknown client': async (p) => p.ask('/oauth/revoke', {
        fields: { client_id: 'nobody', token: (await p.pair()).access_token },
    }),
    'revoke: another client': async (p) => p.ask('/oauth/revoke', {
        fields: { ...client(p.other), token: (await p.pair()).access_token },
    }),
    'revoke: another client, a confidential token': async (p) => p.ask('/oauth/revoke', {
        fields: { ...client(p.other), token: (await p.pair(p.confidential)).access_token },
    }),
    'revoke: secret missing': async (p) => p.ask('/oauth/revoke', {
        fields: { client_id: p.confidential.client_id, token: (await p.pair(p.confidential)).access_token },
    }),
    'introspect: by a client': async (p) => p.ask('/oauth/introspect', {
        fields: { ...client(p.confidential), token: (await p.pair(p.confidential)).access_token },
    }).then((told) => ({ ...told, body: { ...told.body, client_id: typeof told.body.client_id } })),
    'introspect: a refresh token': async (p) => p.ask('/oauth/introspect', {
        fields: { ...client(p.confidential), token: (await p.pair(p.confidential)).refresh_token },
    }).then((told) => ({ ...told, body: { ...told.body, client_id: typeof told.body.client_id } })),
    'introspect: of another client': async (p) => p.ask('/oauth/introspect', {
        fields: { ...client(p.confidential), token: (await p.pair()).access_token },
    }),
    'introspect: unknown': (p) => p.ask('/oauth/introspect', { fields: { ...client(p.confidential), token: 'x' } }),
    'introspect: nobody asks': (p) => p.ask('/oauth/introspect', { fields: { token: 'x' } }),
    'introspect: secret wrong': (p) => p.ask('/oauth/introspect', {
        fields: { client_id: p.confidential.client_id, client_secret: 'wrong', token: 'x' },
    }),
    'introspect: a token asks for itself': async (p) => {
        const { access_token } = await p.pair();
        return p.ask('/oauth/introspect', { fields: { token: access_token }, headers: bearer(access_token) });
    },
    'API: good': async (p) => (await p.ask('/api/v4/user', { headers: bearer((await p.pair()).access_token) })).status,
    'authorize: asked': (p) => p.page({}),
    'authorize: no client': (p) => p.page({ client_id: '' }),
    'authorize: unknown client': (p) => p.page({ client_id: 'nobody' }),
    'authorize: no redirect URI': (p) => p.page({ redirect_uri: '' }),
    'authorize: another redirect URI': (p) => p.page({ redirect_uri: 'http://elsewhere.example/callback' }),
    'authorize: no response type': (p) => p.page({ response_type: '' }),
    'authorize: token': (p) => p.page({ response_type: 'token' }),
    'authorize: response mode': (p) => p.page({ response_mode: 'nonsense' }),
    'authorize: unknown scope': (p) => p.page({ scope: 'nonsense' }),
    'authorize: a scope too many': (p) => p.page({ scope: 'api read_repository' }),
    'authorize: no scope': (p) => p.page({ scope: '' }),
    'authorize: no challenge': (p) => p.page({ code_challenge: '', code_challenge_method: '' }),
    'authorize: challenge without a method': (p) => p.page({ code_challenge_method: '' }),
    'authorize: another method': (p) => p.page({ code_challenge_method: 'S512' }),
    'authorize: approved': (p) => p.approved(),
    'authorize: approved, query kept': async (p) => {
        const back = await p.back({ redirect_uri: `${BACK}?x=1` });
        return [...new URL(back).searchParams.keys()];
    },
    'authorize: denied': (p) => p.changed({ _method: 'delete' }),
    'approve: another scope': (p) => p.changed({ scope: 'nonsense' }),
    'approve: no response type': (p) => p.changed({ response_type: '' }),
    'approve: another response type': (p) => p.changed({ response_type: 'token' }),
    'approve: challenge method': (p) => p.changed({ code_challenge_method: 'S512' }),
    'approve: unknown client': (p) => p.changed({ client_id: 'nobody' }),
    'approve: no client': (p) => p.changed({ client_id: '' }),
    'approve: another redirect URI': (p) => p.changed({ redirect_uri: 'http://elsewhere.example/callback' }),
};

/** Fields of a client in a form. */
export function client({ client_id, client_secret }) {
    return { client_id, ...client_secret && { client_secret } };
}

function basic({ client_id, client_secret }) {
    return { authorization: `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString('base64')}` };
}

function bearer(token) {
    return { authorization: `Bearer ${token}` };
}

export function redemption(code, more = {}) {
    return { grant_type: 'authorization_code', code, redirect_uri: BACK, code_verifier: VERIFIER, ...more };
}

function refreshing(refresh_token, more = {}) {
    return { grant_type: 'refresh_token', refresh_token, ...more };
}
