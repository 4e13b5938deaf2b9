'use strict';
(() => {
    const at = (id) => document.getElementById(id);
    const part = (attribute, name) => document.querySelector(`[${attribute}="${name}"]`);

    for (const button of document.querySelectorAll('[data-copy]')) {
        const name = button.dataset.copy;
        const said = part('data-said', name);
        button.hidden = false;
        button.addEventListener('click', async () => {
            const text = at(name).textContent;
            try {
                await navigator.clipboard.writeText(text);
                said.textContent = 'Copied.';
            } catch {
                const field = part('data-field', name);
                field.value = text;
                field.hidden = false;
                field.focus();
                field.select();
                said.textContent = 'Press Ctrl+C or ⌘C to copy the selected text.';
            }
        });
    }

    const device = at('device');
    if (!device || !device.dataset.poll) {
        return;
    }

    at('by-hand').hidden = true;

    // Bounds in seconds, whatever an answer says.
    const between = (least, value, most) => Math.min(Math.max(value, least), most);
    const pace = (value) => between(1, Number(value) || 5, 60);
    const fromNow = (seconds) => Date.now() + 1000 * between(0, Number(seconds) || 0, 86400);

    let interval = pace(device.dataset.interval);
    let ends = fromNow(device.dataset.remaining);
    let due = Date.now() + 1000 * interval;
    let minute = Math.ceil((ends - Date.now()) / 60000);
    let asking = false;
    let timer = setInterval(tick, 1000);

    const say = (text) => {
        if (at('status').textContent !== text) {
            at('status').textContent = text;
        }
    };
    const count = (number, unit) => `${number} ${unit}${number === 1 ? '' : 's'}`;
    const words = (seconds) => {
        const [minutes, rest] = [Math.floor(seconds / 60), seconds % 60];
        const parts = [minutes && count(minutes, 'minute'), rest && count(rest, 'second')];
        return parts.filter(Boolean).join(' ') || count(0, 'second');
    };

    function tick() {
        const left = Math.max(0, Math.ceil((ends - Date.now()) / 1000));
        at('left').textContent = words(left);
        if (Math.ceil(left / 60) < minute) {
            minute = Math.ceil(left / 60);
            at('announcement').textContent = `Time left: ${words(left)}`;
        }
        if (Date.now() >= due || left === 0) {
            poll();
        }
    }

    async function poll() {
        if (asking || timer === null) {
            return;
        }
        asking = true;
        due = Date.now() + 1000 * (await ask());
        asking = false;
        if (timer !== null && Date.now() >= ends) {
            end('expired');
        }
    }

    // Asks once; the result is how many seconds to wait before the next time.
    async function ask() {
        try {
            const url = new URL(device.dataset.poll, location.href);
            url.searchParams.set('flow_state', device.dataset.flow);
            const answer = await fetch(url, {
                headers: { Accept: 'application/json' },
                cache: 'no-store',
                redirect: 'error',
                signal: AbortSignal.timeout(20000),
            });
            if (answer.status === 429 || answer.status >= 500) {
                say('The server is busy. This page goes on by itself.');
                const told = Number(answer.headers.get('Retry-After'));
                return between(interval, told || 2 * interval, 600);
            }
            take(answer.status, await answer.json());
            return interval;
        } catch {
            say('The server cannot be reached. This page goes on by itself.');
            return Math.min(2 * interval, 60);
        }
    }

    function take(status, told) {
        if (told.status === 'pending') {
            interval = pace(told.interval);
            ends = fromNow(told.expires_in);
            say('Waiting for you to confirm at GitLab.');
        } else if (told.status === 'complete' && told.code) {
            at('code').textContent = told.code;
            at('notice').textContent = told.notice || '';
            show('complete');
        } else if (told.status === 'expired') {
            end('expired');
        } else if (status === 403) {
            end('browser');
        } else {
            end(told.error === 'access_denied' ? 'denied' : 'failed', told.error_description);
        }
    }

    function end(reason, detail) {
        at('reason').textContent = at('ended').dataset[reason];
        at('detail').textContent = detail || '';
        show('ended');
    }

    function show(name) {
        clearInterval(timer);
        timer = null;
        const title = at(name).dataset.title;
        at('waiting').hidden = true;
        at(name).hidden = false;
        at('title').textContent = title;
        document.title = document.title.replace(/^[^·]*/, `${title} `);
        at('title').focus();
        at('announcement').textContent = title;
    }

    // Timers of a tab in the background are slow.
    document.addEventListener('visibilitychange', () => {
        if (!document.hidden && timer !== null) {
            tick();
        }
    });
})();
