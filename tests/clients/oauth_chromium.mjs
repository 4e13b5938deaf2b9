// A person who goes through the pages of a sign-in with Chromium.

import { appendFileSync } from 'node:fs';

import { PERSON, press, withPage } from './browser.mjs';
import { check, setting } from './steps.mjs';

/** Goes through the pages as a person reads them, up to the program that asked. */
export async function signIn(link) {
    const problems = [];
    const requests = [];
    await withPage(async (page) => {
        page.on('request', (request) => requests.push(`${request.method()} ${request.url().split('?')[0]}`));
        page.on('console', (message) => {
            if (message.type() === 'error') {
                problems.push(message.text());
            }
        });
        await page.goto(link);
        await press(page, 'Approve');
        await page.fill('#login', PERSON.login);
        await page.fill('#password', PERSON.password);
        await page.press('#password', 'Enter');
        await press(page, 'Authorize');
        await page.getByText('You can close this window.').waitFor();
        const place = new URL(page.url());
        check('the browser ends at the program', place.port === setting('PORT'), place.origin);
    });
    check('the browser has no complaints', problems.length === 0, problems);
    const line = { link: link.split('?')[0], passwords: 1, requests };
    appendFileSync(setting('PEOPLE'), `${JSON.stringify(line)}\n`);
}
