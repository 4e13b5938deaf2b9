// Rows I (issues), M (merge requests) and X (what else a project has).

import { ALICE, BOB, MUSIC_BOX, holds, refused, same } from './gitbeaker_stage.mjs';

const found = async (stage) => {
    const id = await stage.project();
    const title = stage.fresh('The crank is stiff');
    const issue = await stage.alice.Issues.create(id, title, { labels: 'grease,crank' });
    for (const filter of [{ labels: 'grease' }, { search: title }, { state: 'opened', labels: 'crank' }]) {
        const rows = await stage.alice.Issues.all({ projectId: id, ...filter });
        holds(rows.some((one) => one.iid === issue.iid), JSON.stringify(filter));
    }
    same(await stage.alice.Issues.all({ projectId: id, state: 'closed', search: title }), []);
};

const twin = async (stage) => {
    const id = await stage.project();
    const { source_branch: branch } = await stage.mergeRequest();
    const { text } = await refused(409, () => stage.alice.MergeRequests.create(id, branch, 'main', 'Again'));
    holds(text.includes('Another open merge request'), text);
};

export const ROWS = {
    I01: found,
    I02: found,
    I03: async (stage) => {
        const projectId = await stage.project();
        const { text } = await refused(400, () => stage.alice.Issues.all({ projectId, orderBy: 'colour' }));
        holds(text.includes('order_by does not have a valid value'), text);
    },
    I05: async (stage) => {
        const id = await stage.project();
        const { iid } = await stage.alice.Issues.create(id, 'Door');
        for (const [event, state] of [['close', 'closed'], ['reopen', 'opened']]) {
            same((await stage.alice.Issues.edit(id, iid, { stateEvent: event })).state, state);
        }
        const events = await stage.alice.IssueStateEvents.all(id, iid);
        same(events.map((one) => one.state), ['closed', 'reopened']);
    },
    I06: async (stage) => {
        const id = await stage.project();
        const { iid } = await stage.alice.Issues.create(id, 'Talk');
        same((await stage.alice.IssueNotes.create(id, iid, 'Hello')).body, 'Hello');
        const thread = await stage.alice.IssueDiscussions.create(id, iid, 'Question');
        await stage.alice.IssueDiscussions.addNote(id, iid, thread.id, 'Answer');
        const { notes } = await stage.alice.IssueDiscussions.show(id, iid, thread.id);
        same(notes.map((one) => one.body), ['Question', 'Answer']);
    },
    I07: async (stage) => {
        const id = await stage.project();
        const [one, two] = [await stage.alice.Issues.create(id, 'One'), await stage.alice.Issues.create(id, 'Two')];
        await stage.alice.IssueLinks.create(id, one.iid, id, two.iid);
        const [link] = await stage.alice.IssueLinks.all(id, two.iid);
        same(link.iid, one.iid);
        await stage.alice.IssueLinks.remove(id, two.iid, link.issue_link_id);
        same(await stage.alice.IssueLinks.all(id, one.iid), []);
    },
    I08: async (stage) => {
        const id = await stage.project();
        const { iid } = await stage.alice.Issues.create(id, 'Short-lived');
        same((await stage.alice.Issues.addTimeEstimate(id, iid, '1h30m')).time_estimate, 5400);
        same((await stage.alice.Issues.addSpentTime(id, iid, '20m')).total_time_spent, 1200);
        await stage.alice.Issues.remove(id, iid);
        await refused(404, () => stage.alice.Issues.show(iid, { projectId: id }));
    },
    M01: twin,
    M02: twin,
    M03: async (stage) => {
        same((await stage.mergeRequest()).detailed_merge_status, 'mergeable');
        const draft = await stage.mergeRequest({ title: 'Draft: not yet' });
        same(draft.detailed_merge_status, 'draft_status');
    },
    M04: async (stage) => {
        const { iid } = await stage.mergeRequest();
        const diffs = await stage.alice.MergeRequests.allDiffs(await stage.project(), iid, { perPage: 1 });
        same(diffs.length, 1);
    },
    M05: async (stage) => {
        const id = await stage.project();
        const request = await stage.mergeRequest();
        const path = `${request.source_branch}.txt`;
        const { base_sha: baseSha, head_sha: headSha, start_sha: startSha } = request.diff_refs;
        const position = { baseSha, headSha, startSha, positionType: 'text', newPath: path, oldPath: path, newLine: '2' };
        const threads = stage.alice.MergeRequestDiscussions;
        const thread = await threads.create(id, request.iid, 'Why two?', { position });
        const [note] = (await threads.show(id, request.iid, thread.id)).notes;
        same([note.type, Number(note.position.new_line)], ['DiffNote', 2]);
    },
    M06: async (stage) => {
        const id = await stage.project();
        const [bob] = await stage.alice.Users.all({ username: 'bob' });
        await stage.alice.ProjectMembers.add(id, 30, { userId: bob.id });
        const { iid } = await stage.mergeRequest();
        const approvals = stage.as(BOB).MergeRequestApprovals;
        await approvals.approve(id, iid);
        const names = async () => {
            const { approved_by: by } = await approvals.showConfiguration(id, { mergerequestIId: iid });
            return by.map((one) => one.user.username);
        };
        same(await names(), ['bob']);
        await approvals.unapprove(id, iid);
        same(await names(), []);
    },
    M07: async (stage) => {
        const id = await stage.project();
        const { iid } = await stage.mergeRequest();
        const { text } = await refused(409, () => stage.alice.MergeRequests.merge(id, iid, { sha: '0'.repeat(40) }));
        holds(text.includes('SHA does not match HEAD'), text);
        same((await stage.alice.MergeRequests.merge(id, iid)).state, 'merged');
    },
    M08: async (stage) => {
        const id = await stage.project();
        const draft = await stage.mergeRequest({ title: 'Draft: never' });
        await refused(405, () => stage.alice.MergeRequests.merge(id, draft.iid));
        const { iid } = await stage.mergeRequest();
        const { path_with_namespace: project } = await stage.alice.Projects.show(id);
        await stage.mock.control('POST', 'edit', { do: 'conflict', project, iid });
        await refused(422, () => stage.alice.MergeRequests.merge(id, iid));
    },
    M09: async ({ alice }) => {
        const requests = await alice.MergeRequests.all({ projectId: MUSIC_BOX, state: 'all' });
        const lists = await Promise.all(requests.map(({ iid }) => alice.MergeRequests.allPipelines(MUSIC_BOX, iid)));
        holds(lists.some((list) => list.length > 0), 'a merge request with a pipeline');
    },
    M10: async (stage) => {
        const id = await stage.project();
        const { iid } = await stage.mergeRequest();
        const drafts = stage.alice.MergeRequestDraftNotes;
        await drafts.create(id, iid, 'First thought');
        await drafts.create(id, iid, 'Second thought');
        same((await drafts.all(id, iid)).length, 2);
        await drafts.publishBulk(id, iid);
        same(await drafts.all(id, iid), []);
        const bodies = (await stage.alice.MergeRequestNotes.all(id, iid)).map((one) => one.body);
        holds(bodies.includes('First thought') && bodies.includes('Second thought'), bodies);
    },
    X01: async (stage) => {
        const id = await stage.project();
        const { ProjectLabels: labels, ProjectMilestones: milestones } = stage.alice;
        const label = await labels.create(id, stage.fresh('label'), '#112233');
        const renamed = await labels.edit(id, label.id, { newName: stage.fresh('renamed') });
        same((await labels.show(id, renamed.name)).color, '#112233');
        await labels.remove(id, renamed.name);
        const milestone = await milestones.create(id, stage.fresh('Summer'));
        same((await milestones.edit(id, milestone.id, { stateEvent: 'close' })).state, 'closed');
        await milestones.remove(id, milestone.id);
    },
    X02: async (stage) => {
        const id = await stage.project();
        const tag = stage.fresh('v2.0.');
        const { ProjectReleases: releases, ReleaseLinks: links } = stage.alice;
        await releases.create(id, { tagName: tag, ref: 'main', name: 'Two' });
        const link = await links.create(id, tag, 'score', 'https://example.com/score.pdf');
        same((await releases.show(id, tag)).assets.links[0].url, link.url);
        await refused(409, () => releases.create(id, { tagName: tag }));
        await releases.remove(id, tag);
        same((await stage.alice.Tags.show(id, tag)).name, tag);
    },
    X03: async (stage) => {
        const id = await stage.project();
        const wikis = stage.alice.ProjectWikis;
        const page = await wikis.create(id, 'Slowly', 'How to wind');
        same(page.slug, 'How-to-wind');
        same((await wikis.edit(id, page.slug, { content: 'Very slowly' })).content, 'Very slowly');
        await wikis.remove(id, page.slug);
        await refused(404, () => wikis.show(id, page.slug));
    },
    X04: async (stage) => {
        const id = await stage.project();
        const files = [{ content: 'c d e', filePath: 'tune.txt' }];
        const { ProjectSnippets: snippets } = stage.alice;
        const snippet = await snippets.create(id, 'Tune', { files, visibility: 'private' });
        const content = await snippets.showContent(id, snippet.id);
        same(typeof content === 'string' ? content : await content.text(), 'c d e');
        await snippets.remove(id, snippet.id);
        await refused(404, () => snippets.show(id, snippet.id));
    },
    X05: async ({ alice }) => {
        holds((await alice.Search.all('projects', 'music')).length > 0, 'projects');
        holds((await alice.Search.all('blobs', 'spring', { projectId: MUSIC_BOX })).length > 0, 'blobs');
        holds((await alice.Search.all('issues', 'the', { groupId: 'larkspur' })).length > 0, 'issues');
    },
    X06: async (stage) => {
        // The client tries again by itself: both shapes must leave it able to.
        const id = await stage.project();
        for (const kind of ['rate_limit_edge', 'rate_limit_endpoint']) {
            const fault = { kind, on: 'GET /projects/*', times: 1, retry_after: '1' };
            await stage.mock.control('POST', 'faults', fault);
            same((await stage.alice.Projects.show(id)).id, id);
        }
    },
    X08: async (stage) => {
        const huge = await stage.second('huge');
        try {
            const alice = new stage.Gitlab({ host: huge.url, token: ALICE });
            const id = 'larkspur/warehouse';
            const { data, paginationInfo } = await alice.Issues.all({
                projectId: id, perPage: 100, maxPages: 1, showExpanded: true,
            });
            same([data.length, paginationInfo.total || 0], [100, 0]);
            const rows = await alice.Issues.all({
                projectId: id, perPage: 100, maxPages: 120, orderBy: 'created_at', sort: 'asc',
            });
            same(new Set(rows.map((one) => one.iid)).size, 12_000);
        } finally {
            huge.stop();
        }
    },
};
