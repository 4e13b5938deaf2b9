// What the example servers add, seen by a client.
//
// Usage: node example.mjs toolset    the tools that the product does not have, each called once
//        node example.mjs auth       refused without the mode's credential, served with it

import { WANTED_TOOLS, check, load, script, setting, texts } from './steps.mjs';

const SAMPLES = { project_id: () => setting('PROJECT') };

await script({ toolset, auth }[process.argv[2]]);

async function toolset() {
    const headers = { Authorization: `Bearer ${setting('BEARER')}` };
    const product = await connect(setting('PRODUCT_URL'), headers);
    const known = new Set((await product.listTools()).tools.map((tool) => tool.name));
    await product.close();

    const example = await connect(setting('URL'), headers);
    const added = (await example.listTools()).tools.filter((tool) => !known.has(tool.name));
    check('the example adds tools', added.length > 0, 'every tool is one of the product');
    for (const tool of added) {
        const result = await example.callTool({ name: tool.name, arguments: sampleOf(tool) });
        check(`${tool.name} answers`, !result.isError && texts(result).join(''), result);
    }
    await example.close();
}

async function auth() {
    const refused = await connect(setting('URL'), {}).then(() => undefined, (error) => error);
    check('without a credential: refused', refused, 'it was served');
    const client = await connect(setting('URL'), JSON.parse(setting('HEADERS')));
    const names = (await client.listTools()).tools.map((tool) => tool.name);
    check('with the credential: tools', WANTED_TOOLS.every((name) => names.includes(name)), names);
    const project = setting('PROJECT');
    const found = await client.callTool({ name: 'get_project', arguments: { project_id: project } });
    check('with the credential: a call', texts(found).join('').includes(project), found);
    await client.close();
}

async function connect(url, headers) {
    const { Client, StreamableHTTPClientTransport } = load('@modelcontextprotocol/client');
    const client = new Client(
        { name: 'gitlab-mcp-tests', version: '1.0.0' },
        { versionNegotiation: { mode: 'auto' } },
    );
    await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
    return client;
}

/** Arguments for a tool that needs nothing but a project. */
function sampleOf(tool) {
    const needed = tool.inputSchema.required ?? [];
    return Object.fromEntries(needed.map((name) => [name, SAMPLES[name]?.() ?? 'sample']));
}
