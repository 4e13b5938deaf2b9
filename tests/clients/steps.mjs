// What every client script does, whatever client library runs it.
//
// A check prints one JSON line: {"check": …, "ok": …}, with a `detail` when it failed.

import { createRequire } from 'node:module';
import { join } from 'node:path';

export const WANTED_TOOLS = ['get_project', 'list_merge_requests', 'create_merge_request_note'];
export const UNKNOWN_PROJECT = 'no-such-group/no-such-project';
export const LEGACY = '2025-11-25';
export const MODERN = '2026-07-28';

let failed = 0;

/** Reports one check. */
export function check(name, ok, detail = '') {
    const line = { check: name, ok: Boolean(ok) };
    if (!ok) {
        failed += 1;
        line.detail = (typeof detail === 'string' ? detail : JSON.stringify(detail) ?? 'undefined').slice(0, 2000);
    }
    console.log(JSON.stringify(line));
}

/** Runs a script's body; an exception is a failed check. */
export async function script(body) {
    try {
        await body();
    } catch (error) {
        check('no exception', false, String(error?.stack ?? error));
    }
    process.exit(failed ? 1 : 0);
}

/** A setting of the runner; its absence is a mistake in the call. */
export function setting(name) {
    const value = process.env[`GITLAB_MCP_TEST_${name}`];
    if (value === undefined) {
        console.error(`GITLAB_MCP_TEST_${name} is not set`);
        process.exit(2);
    }
    return value;
}

/** Loads a module of a package the runner installed. */
export function load(module) {
    return createRequire(join(setting('NODE_PACKAGES'), 'package.json'))(module);
}

/** The command of a stdio server, in the form both TypeScript clients take. */
export function stdioServer() {
    const [command, ...args] = JSON.parse(setting('COMMAND'));
    return { command, args, env: JSON.parse(setting('ENV')), stderr: 'inherit' };
}

/** The texts of a tool result. */
export function texts(result) {
    return (result.content ?? []).filter((block) => block.type === 'text').map((block) => block.text);
}

/** Whether one of the texts is the structured content as JSON. */
export function sameInText(structured, all) {
    const canonical = (value) => JSON.stringify(value, (_, v) =>
        v && typeof v === 'object' && !Array.isArray(v) ? Object.fromEntries(Object.entries(v).sort()) : v);
    return all.some((text) => {
        try {
            return canonical(JSON.parse(text)) === canonical(structured);
        } catch {
            return false;
        }
    });
}

/** Checks a tool list. */
export function checkTools(tools) {
    const names = new Set(tools.map((tool) => tool.name));
    const missing = WANTED_TOOLS.filter((name) => !names.has(name));
    check('tools are listed', names.size > 0 && missing.length === 0, `${names.size} tools, missing: ${missing}`);
}

/**
 * The calls of a session. `call(name, args)` answers a tool result; where the client reports an
 * error result by throwing, `call` has already turned that into a result.
 */
export async function checkCalls(call) {
    const project = setting('PROJECT');
    const found = await call('get_project', { project_id: project });
    check('get_project', !found.isError && texts(found).join('').includes(project), found);

    const listed = await call('list_merge_requests', { project_id: project });
    const items = listed.structuredContent?.items;
    check('list_merge_requests is structured', !listed.isError && items?.length, listed);
    check('structured content is repeated as text', sameInText(listed.structuredContent, texts(listed)), listed);

    const marker = `a note of ${process.argv.slice(1).join(' ').split('/').pop()} at ${Date.now()}`;
    const written = await call('create_merge_request_note', {
        project_id: project, merge_request_iid: String(items?.[0]?.iid ?? 1), body: marker,
    });
    check('create_merge_request_note', !written.isError && texts(written).join('').includes(marker), written);

    const refused = await call('get_project', { project_id: UNKNOWN_PROJECT });
    check('an unknown project is an error result', refused.isError && texts(refused).join(''), refused);
    const again = await call('get_project', { project_id: project });
    check('the connection goes on', !again.isError, again);

    const both = await Promise.all([
        call('get_project', { project_id: project }),
        call('list_merge_requests', { project_id: project }),
    ]);
    check('two calls at once', both.every((result) => !result.isError), both);
}

/** A whole session with one of the TypeScript clients. */
export async function session(client, transport) {
    const errors = [];
    client.onerror = (error) => errors.push(String(error));
    await client.connect(transport, { timeout: 20_000 });
    check('server says its name', client.getServerVersion()?.name, client.getServerVersion());

    const tools = [];
    let cursor;
    do {
        const page = await client.listTools(cursor ? { cursor } : undefined);
        tools.push(...page.tools);
        cursor = page.nextCursor;
    } while (cursor);
    checkTools(tools);
    await checkCalls((name, args) => client.callTool({ name, arguments: args }));
    return errors;
}

/** Closes a session and looks at how the other side took it. */
export async function close(client, transport, errors) {
    if (transport.terminateSession && transport.sessionId) {
        await transport.terminateSession();
        check('the session is ended', transport.sessionId === undefined, transport.sessionId);
    }
    const since = performance.now();
    await client.close();
    check('the server takes the end', performance.now() - since < 1900, 'it had to be ended');
    check('the client has no complaints', errors.length === 0, errors);
}
