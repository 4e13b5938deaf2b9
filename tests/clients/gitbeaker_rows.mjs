// The rows of the acceptance list that @gitbeaker/rest can express.

import { ALICE, MUSIC_BOX, ROOT, startMock } from './gitbeaker_stage.mjs';
import * as ci from './gitbeaker_rows_ci.mjs';
import * as oauth from './gitbeaker_rows_oauth.mjs';
import * as people from './gitbeaker_rows_people.mjs';
import * as work from './gitbeaker_rows_work.mjs';

export const ROWS = { ...people.ROWS, ...oauth.ROWS, ...work.ROWS, ...ci.ROWS };

const pages = ['O04', 'O05', 'O06', 'O07', 'O08', 'O09'];

/** Row → why not. */
export const OUT_OF_REACH = {
    ...Object.fromEntries(pages.map((row) => [row, 'the client has no cookies'])),
    A02: 'the client sends its token in a header only',
    A05: 'the client sends its token in a header only',
    A07: 'the client has no cookies',
    A08: 'the client has no cookies',
    P06: 'the client follows no redirect by hand: fetch does',
    I04: 'the client always sends a title',
    X07: 'the client does not speak GraphQL',
};

/** Clients of the four people, a project to write in, and numbers. */
export function FROM_ROOT({ Gitlab }, mock) {
    let number = 0;
    let made;
    const stage = {
        mock,
        Gitlab,
        second: (world) => startMock(process.env.GITLAB_MCP_TEST_MOCK, '--world', world),
        client: (options = { token: ALICE }) => new Gitlab({ host: mock.url, ...options }),
        as: (token) => new Gitlab({ host: mock.url, token }),
        root: new Gitlab({ host: mock.url, token: ROOT }),
        alice: new Gitlab({ host: mock.url, token: ALICE }),
        fresh: (word) => `${word}-${++number}`,
        musicBox: MUSIC_BOX,
        async project() {
            made ??= stage.alice.Projects.create({
                name: 'Acceptance',
                initializeWithReadme: true,
                visibility: 'private',
            });
            return (await made).id;
        },
        async commit(branch, path, content, options = {}) {
            const action = { action: 'create', filePath: path, content };
            const id = await stage.project();
            return stage.alice.Commits.create(id, branch, `Add ${path}`, [action], options);
        },
        async mergeRequest(options = {}) {
            const branch = stage.fresh('change');
            await stage.commit(branch, `${branch}.txt`, 'one\ntwo\n', { startBranch: 'main' });
            const { title = `Add ${branch}`, ...more } = options;
            const id = await stage.project();
            return stage.alice.MergeRequests.create(id, branch, 'main', title, more);
        },
    };
    return stage;
}

/** Plays one row and says how it went. */
export async function play(row, stage) {
    try {
        await ROWS[row](stage);
        return { row, outcome: 'ok' };
    } catch (error) {
        const detail = [error.message, error.cause?.description].filter(Boolean).join(': ');
        return { row, outcome: 'different', detail: detail.slice(0, 800) };
    }
}
