// The acceptance list through @gitbeaker/rest: each row is a call and what GitLab answers to it.
//
//     GITLAB_MCP_TEST_NODE_PACKAGES=… GITLAB_MCP_TEST_MOCK=…/mock-gitlab node gitbeaker.mjs
//
// Prints one JSON line per row and a line of sums; a difference makes the exit code 1.

import { load, setting } from './steps.mjs';
import { FROM_ROOT, OUT_OF_REACH, ROWS, play } from './gitbeaker_rows.mjs';
import { startMock } from './gitbeaker_stage.mjs';

const ALL = 84;

const gitbeaker = load('@gitbeaker/rest');
const mock = await startMock(setting('MOCK'));
const outcomes = [];
try {
    for (const [row, why] of Object.entries(OUT_OF_REACH)) {
        outcomes.push('out of reach');
        console.log(JSON.stringify({ row, outcome: 'out of reach', detail: why }));
    }
    const stage = FROM_ROOT(gitbeaker, mock);
    for (const row of Object.keys(ROWS).sort()) {
        const line = await play(row, stage);
        outcomes.push(line.outcome);
        console.log(JSON.stringify(line));
    }
} finally {
    mock.stop();
}
const count = (word) => outcomes.filter((outcome) => outcome === word).length;
const complete = outcomes.length === ALL;
if (!complete) {
    console.log(`the list has ${ALL} rows, ${outcomes.length} were played`);
}
console.log(`acceptance through gitbeaker: ${count('ok')} rows as GitLab, `
    + `${count('different')} different, ${count('out of reach')} out of reach`);
process.exit(complete && count('different') === 0 ? 0 : 1);
