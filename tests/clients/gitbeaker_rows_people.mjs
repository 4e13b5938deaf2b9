// Rows A (credentials), P (projects, groups, pages) and R (repositories).

import { ALICE, ALICE_READS, CAROL, MUSIC_BOX, ROOT, holds, refused, same } from './gitbeaker_stage.mjs';

const who = async (client) => (await client.Users.showCurrentUser()).username;

async function oauthToken({ mock }) {
    const application = mock.secrets.applications.find((one) => one.confidential);
    const { password } = mock.secrets.users.find((one) => one.username === 'alice');
    const body = new URLSearchParams({
        grant_type: 'password', username: 'alice', password, scope: 'api',
        client_id: application.client_id, client_secret: application.client_secret,
    });
    const answer = await fetch(`${mock.url}/oauth/token`, { method: 'POST', body });
    return (await answer.json()).access_token;
}

async function minted({ mock }, more = {}) {
    const body = { do: 'mint_token', user: 'alice', scopes: ['api'], ...more };
    return (await mock.control('POST', 'edit', body)).token;
}

const pages = async ({ root }) => {
    const { data, paginationInfo } = await root.Projects.all({
        perPage: 500, maxPages: 1, showExpanded: true,
    });
    same([paginationInfo.perPage, data.length], [100, paginationInfo.total]);
    const all = await root.Projects.all({ perPage: 2 });
    same(new Set(all.map((one) => one.id)).size, paginationInfo.total);
};

const file = async ({ alice }) => {
    const shown = await alice.RepositoryFiles.show(MUSIC_BOX, 'README.md', 'main');
    const raw = await alice.RepositoryFiles.showRaw(MUSIC_BOX, 'README.md', 'main');
    const text = typeof raw === 'string' ? raw : await raw.text();
    same(Buffer.from(shown.content, 'base64').toString(), text);
};

const stale = async (stage) => {
    const id = await stage.project();
    const path = `${stage.fresh('notes')}.md`;
    const files = stage.alice.RepositoryFiles;
    const made = await files.create(id, path, 'main', 'a', 'Add');
    same([made.file_path, made.branch], [path, 'main']);
    const before = (await files.show(id, path, 'main')).last_commit_id;
    await files.edit(id, path, 'main', 'b', 'Change');
    await refused(400, () => files.edit(id, path, 'main', 'c', 'Late', { lastCommitId: before }));
};

export const ROWS = {
    A01: async ({ alice }) => same(await who(alice), 'alice'),
    A03: async ({ client }) => same(await who(client({ oauthToken: ALICE })), 'alice'),
    A04: async (stage) => {
        same(await who(stage.client({ oauthToken: await oauthToken(stage) })), 'alice');
    },
    A06: async ({ alice, client, mock }) => {
        const [job] = await alice.Jobs.all(MUSIC_BOX, { perPage: 1, maxPages: 1 });
        const { token } = await mock.control('POST', 'edit', { do: 'mint_job_token', job: job.id });
        const { Jobs: jobs } = client({ jobToken: token });
        // The client's own check looks for the token among the headers of its caller.
        jobs.headers['job-token'] = token;
        same((await jobs.showConnectedJob()).id, job.id);
    },
    A09: async ({ client }) => {
        // The client insists on a token: an empty one is none.
        const { text } = await refused(401, () => who(client({ token: ' ' })));
        holds(text.includes('401 Unauthorized'), text);
    },
    A10: async ({ as }) => {
        const { text } = await refused(401, () => who(as('glpat-nobody-knows-this')));
        holds(text.includes('401 Unauthorized'), text);
    },
    A11: async (stage) => {
        const client = stage.as(await minted(stage));
        await client.PersonalAccessTokens.remove();
        await refused(401, () => who(client));
    },
    A12: async (stage) => {
        const token = await minted(stage);
        await stage.mock.control('POST', 'edit', { do: 'expire_token', token });
        await refused(401, () => who(stage.as(token)));
    },
    A13: async (stage) => {
        const id = await stage.project();
        const { text, headers } = await refused(403, () => stage.as(ALICE_READS).Issues.create(id, 'No'));
        holds(text.includes('insufficient_scope'), text);
        same(headers.get('www-authenticate'), null);
    },
    A14: async ({ client }) => {
        const sudo = (token, name) => who(client({ token, sudo: name }));
        same(await sudo(ROOT, 'bob'), 'bob');
        await refused(403, () => sudo(ALICE, 'bob'));
        await refused(404, () => sudo(ROOT, 'nobody-of-that-name'));
    },
    P01: pages,
    P02: pages,
    P03: async ({ root }) => {
        const chain = await root.Projects.all({ pagination: 'keyset', orderBy: 'id', sort: 'asc', perPage: 2 });
        const ids = chain.map((one) => one.id);
        same(ids, [...new Set(ids)].sort((one, two) => one - two));
        same(ids.length, (await root.Projects.all()).length);
    },
    P04: async ({ alice }) => same((await alice.Projects.show(1)).path_with_namespace, MUSIC_BOX),
    P05: async ({ alice }) => same((await alice.Projects.show(MUSIC_BOX)).id, 1),
    P07: async (stage) => {
        const id = await stage.project();
        const { text } = await refused(404, () => stage.as(CAROL).Projects.show(id));
        holds(text.includes('404 Project Not Found'), text);
    },
    P08: async (stage) => {
        const name = stage.fresh('Twice');
        same((await stage.alice.Projects.create({ name })).name, name);
        const { text } = await refused(400, () => stage.alice.Projects.create({ name }));
        holds(text.includes('has already been taken'), text);
    },
    P09: async ({ alice }) => {
        holds((await alice.Groups.all()).some((one) => one.path === 'larkspur'), 'larkspur');
        same((await alice.Groups.show('larkspur/workshop')).full_path, 'larkspur/workshop');
        holds((await alice.Groups.allProjects('larkspur/workshop')).length > 0, 'projects');
    },
    P10: async (stage) => {
        const { alice } = stage;
        const id = await stage.project();
        const [carol] = await alice.Users.all({ search: 'carol' });
        const member = await alice.ProjectMembers.add(id, 20, { userId: carol.id });
        same(member.access_level, 20);
        const ids = async (more) => (await alice.ProjectMembers.all(MUSIC_BOX, more)).map((one) => one.id);
        const [direct, everyone] = [await ids({}), await ids({ includeInherited: true })];
        holds(direct.length < everyone.length, 'inherited members only in all');
        await alice.ProjectMembers.remove(id, carol.id);
        await refused(404, () => alice.ProjectMembers.show(id, carol.id));
    },
    R01: async ({ alice }) => {
        const paths = async (more) => (await alice.Repositories.allRepositoryTrees(MUSIC_BOX, {
            recursive: true, ...more,
        })).map((one) => one.path);
        same(await paths({ pagination: 'keyset', perPage: 3 }), await paths({ perPage: 100 }));
    },
    R02: file,
    R03: file,
    R04: async ({ alice }) => {
        const path = 'docs/Assembly guide.md';
        same((await alice.RepositoryFiles.show(MUSIC_BOX, path, 'HEAD')).file_path, path);
    },
    R05: stale,
    R06: stale,
    R07: async (stage) => {
        const id = await stage.project();
        const branch = stage.fresh('actions');
        await stage.commit(branch, `${branch}/a`, 'a', { startBranch: 'main' });
        await stage.commit(branch, `${branch}/b`, 'b');
        const commit = await stage.alice.Commits.create(id, branch, 'All at once', [
            { action: 'create', filePath: `${branch}/c`, content: 'c' },
            { action: 'update', filePath: `${branch}/a`, content: 'A' },
            { action: 'move', filePath: `${branch}/d`, previousPath: `${branch}/b` },
            { action: 'delete', filePath: 'README.md' },
        ]);
        same((await stage.alice.Commits.showDiff(id, commit.id)).length, 4);
    },
    R08: async ({ alice }) => {
        const found = await alice.Repositories.compare(MUSIC_BOX, 'main', 'feature/crank-sensor');
        holds(found.commits.length > 0 && found.diffs.length > 0, 'commits and diffs');
    },
    R09: async (stage) => {
        const id = await stage.project();
        const name = `feature/${stage.fresh('slash')}`;
        const branches = stage.alice.Branches;
        await branches.create(id, name, 'main');
        const { text } = await refused(400, () => branches.create(id, name, 'main'));
        holds(text.includes('Branch already exists'), text);
        same((await branches.show(id, name)).name, name);
        await branches.remove(id, name);
        await refused(404, () => branches.show(id, name));
    },
    R10: async (stage) => {
        const id = await stage.project();
        const name = stage.fresh('v1.');
        await stage.alice.Tags.create(id, name, 'main', { message: 'One' });
        same((await stage.alice.Tags.show(id, name)).message, 'One');
    },
};
