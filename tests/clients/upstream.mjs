// The OAuth server in GitLab's place, as the scripts see it from outside.

import { setting } from './steps.mjs';
import { plant } from './sign_in.mjs';

export const UPSTREAM = setting('GITLAB');

/** An application for the server at `base`, as an administrator registers it. */
export async function registered(base, confidential = false) {
    const answer = await fetch(`${UPSTREAM}/-/application`, {
        method: 'POST', body: new URLSearchParams({ base, confidential }),
    });
    return answer.json();
}

/** What its OAuth endpoints were asked and what they handed out. */
export async function seen() {
    return (await fetch(`${UPSTREAM}/-/seen`)).json();
}

/** The refreshes among that. */
export async function refreshes() {
    return (await seen()).filter(({ asked }) => asked.grant_type === 'refresh_token');
}

/** Names everything it handed out as a secret that nothing may log. */
export async function plantSeen() {
    for (const { asked, handed } of await seen()) {
        plant(...handed, asked.code, asked.code_verifier, asked.refresh_token, asked.device_code);
    }
}

/** Whether an access token is good there. */
export async function isKnown(access) {
    const answer = await fetch(`${UPSTREAM}/oauth/token/info`, { headers: { authorization: `Bearer ${access}` } });
    return answer.status === 200;
}

/** Tries until there is something; every try does what a client does anyway. */
export async function until(what, attempt) {
    for (let tries = 0; tries < 200; tries += 1) {
        const found = await attempt();
        if (found) {
            return found;
        }
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`${what}: waited for in vain`);
}
