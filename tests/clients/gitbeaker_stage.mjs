// A running mock, and what the rows of the acceptance list expect of an answer.

import { spawn } from 'node:child_process';
import { isDeepStrictEqual } from 'node:util';

export const ALICE = 'glpat-alice-company-0001';
export const ALICE_READS = 'glpat-alice-company-read';
export const BOB = 'glpat-bob-company-000001';
export const CAROL = 'glpat-carol-company-0001';
export const ROOT = 'glpat-root-company-00001';
export const MUSIC_BOX = 'larkspur/music-box';

/** Starts the program and reads where it listens, and its secrets. */
export async function startMock(program, ...more) {
    const child = spawn(program, ['--port', '0', '--print-tokens', ...more], {
        stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    const ready = new Promise((resolve, reject) => {
        child.stdout.on('data', (bytes) => {
            said += bytes;
            if (said.endsWith('\n}\n')) resolve();
        });
        child.on('exit', () => reject(new Error(`the mock ended: ${said}`)));
    });
    await ready;
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(said)[0];
    const secrets = JSON.parse(said.slice(said.indexOf('\n') + 1));
    const control = async (method, path, body) => {
        const answer = await fetch(`${url}/-/mock/${path}`, {
            method,
            headers: { 'content-type': 'application/json' },
            body: body && JSON.stringify(body),
        });
        const text = await answer.text();
        if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
        return text ? JSON.parse(text) : undefined;
    };
    return {
        url,
        secrets,
        control,
        advance: (seconds) => control('POST', 'clock', { advance_seconds: seconds }),
        stop: () => child.kill(),
    };
}

/** Both are the same all the way down. */
export function same(found, wanted) {
    if (!isDeepStrictEqual(found, wanted)) {
        throw new Error(`${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`);
    }
}

/** Something is true. */
export function holds(truth, text) {
    if (!truth) throw new Error(String(text));
}

/** The call must fail with this status; answers what GitLab said. */
export async function refused(status, call) {
    let found;
    try {
        found = await call();
    } catch (error) {
        const answer = error.cause?.response;
        if (!answer) throw error;
        same(answer.status, status);
        return { text: String(error.cause.description ?? error.message), headers: answer.headers };
    }
    throw new Error(`${status} expected, not ${JSON.stringify(found)}`);
}
