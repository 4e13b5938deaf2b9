// Rows C: pipelines, jobs, artifacts, lint and variables.

import { MUSIC_BOX, holds, refused, same } from './gitbeaker_stage.mjs';

const CONFIGURATION = `
stages: [build, deliver]
build:
  stage: build
  script:
    - echo "a tune" > out/tune.txt
  artifacts:
    paths: [out/]
deliver:
  stage: deliver
  script: make deliver
  when: manual
`;

async function pipeline(stage) {
    const id = await stage.project();
    const names = (await stage.alice.Branches.all(id)).map((one) => one.name);
    if (!names.includes('ci')) {
        await stage.commit('ci', '.gitlab-ci.yml', CONFIGURATION, { startBranch: 'main' });
    }
    const variables = [{ key: 'TUNE', value: 'lullaby' }];
    return { id, made: await stage.alice.Pipelines.create(id, 'ci', { variables }) };
}

const named = async (stage, { id, made }, name) => {
    const jobs = await stage.alice.Jobs.all(id, { pipelineId: made.id });
    return jobs.find((one) => one.name === name);
};

const bytes = async (answer) => Buffer.from(await answer.arrayBuffer());

export const ROWS = {
    C01: async (stage) => {
        const { id, made } = await pipeline(stage);
        const variables = await stage.alice.Pipelines.allVariables(id, made.id);
        same(variables.map((one) => [one.key, one.value]), [['TUNE', 'lullaby']]);
        await refused(400, () => stage.alice.Pipelines.create(id, 'no-such-branch'));
    },
    C02: async (stage) => {
        const { id, made } = await pipeline(stage);
        const rows = await stage.alice.Pipelines.all(id, { ref: 'ci', source: 'api' });
        holds(rows.some((one) => one.id === made.id), 'by ref');
        same(await stage.alice.Pipelines.all(id, { source: 'schedule' }), []);
        await refused(400, () => stage.alice.Pipelines.all(id, { scope: 'everything' }));
    },
    C03: async (stage) => {
        const { id, made } = await pipeline(stage);
        const names = async (more) => {
            const jobs = await stage.alice.Jobs.all(id, { pipelineId: made.id, ...more });
            return jobs.map((one) => one.name).sort();
        };
        same(await names({}), ['build', 'deliver']);
        same(await names({ scope: ['manual', 'failed'] }), ['deliver']);
    },
    C04: async (stage) => {
        const one = await pipeline(stage);
        await stage.mock.advance(120);
        const build = await named(stage, one, 'build');
        holds(String(await stage.alice.Jobs.showLog(one.id, build.id)).includes('Job succeeded'), 'the log');
        const huge = (await stage.alice.Jobs.all(MUSIC_BOX)).find((job) => job.name === 'huge');
        const log = String(await stage.alice.Jobs.showLog(MUSIC_BOX, huge.id));
        holds(log.length >= 5 * 1024 * 1024, `a log of ${log.length} bytes`);
    },
    C05: async (stage) => {
        const one = await pipeline(stage);
        await stage.mock.advance(120);
        const { Jobs: jobs } = stage.alice;
        const deliver = await named(stage, one, 'deliver');
        same((await jobs.play(one.id, deliver.id)).status, 'pending');
        same((await jobs.cancel(one.id, deliver.id)).status, 'canceled');
        const again = await jobs.retry(one.id, deliver.id);
        holds(again.id !== deliver.id, 'a new try');
        await stage.alice.Pipelines.cancel(one.id, one.made.id);
        same((await jobs.show(one.id, again.id)).status, 'canceled');
    },
    C06: async (stage) => {
        const one = await pipeline(stage);
        await stage.mock.advance(120);
        const { id: jobId } = await named(stage, one, 'build');
        const artifacts = stage.alice.JobArtifacts;
        const archive = await bytes(await artifacts.downloadArchive(one.id, { jobId }));
        same(archive.subarray(0, 2).toString(), 'PK');
        const single = await artifacts.downloadArchive(one.id, { jobId, artifactPath: 'out/tune.txt' });
        same((await bytes(single)).toString(), 'a tune\n');
    },
    C07: async (stage) => {
        const id = await stage.project();
        same((await stage.alice.Lint.lint(id, CONFIGURATION)).valid, true);
        const bad = await stage.alice.Lint.lint(id, 'sing:\n  stage: test\n');
        same(bad.valid, false);
        holds(bad.errors[0].includes('script:'), bad.errors);
    },
    C08: async (stage) => {
        const id = await stage.project();
        const variables = stage.alice.ProjectVariables;
        for (const scope of ['*', 'production']) {
            await variables.create(id, 'KEY', scope, { environmentScope: scope });
        }
        await refused(409, () => variables.show(id, 'KEY'));
        const filter = { environment_scope: 'production' };
        same((await variables.show(id, 'KEY', { filter })).value, 'production');
        await refused(400, () => variables.create(id, 'SHORT', 'abc', { masked: true }));
        await variables.remove(id, 'KEY', { filter });
        same((await variables.show(id, 'KEY')).value, '*');
    },
};
