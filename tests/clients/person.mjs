// A person with a browser without scripts: follows redirects and links of pages that lead on, keeps
// cookies by host and path, and fills in whatever form stands in the way.

const ANSWERS = {
    login: 'alice', password: 'any password', decision: 'approve',
    'user[login]': 'alice', 'user[password]': 'alice-winds-the-spring',
};
const STEPS = 40;

export class Person {
    constructor() {
        this.cookies = [];
        this.url = '';
        this.status = 0;
        this.page = '';
    }

    /**
     * Opens a link and goes on until `until(url, page)` holds, which may be before a URL is asked
     * for. Answers the URL.
     */
    async walk(link, until) {
        let next = { url: link };
        for (let steps = 0; steps < STEPS; steps += 1) {
            if (until(next.url, '')) {
                return next.url;
            }
            const onward = await this.ask(next);
            if (!onward && until(this.url, this.page)) {
                return this.url;
            }
            next = onward ?? this.answer();
        }
        throw new Error(`the way does not end: ${this.url} ${this.page}`);
    }

    /** One request; answers where a redirect leads. */
    async ask({ url, form }) {
        const headers = { accept: 'text/html', 'sec-fetch-site': form ? 'same-origin' : 'none' };
        const jar = this.jar(url);
        if (jar) {
            headers.cookie = jar;
        }
        if (form) {
            headers.origin = new URL(url).origin;
        }
        const answer = await fetch(url, {
            method: form ? 'POST' : 'GET', body: form && new URLSearchParams(form), headers, redirect: 'manual',
        });
        answer.headers.getSetCookie().forEach((line) => this.keep(url, line));
        this.url = url;
        this.status = answer.status;
        this.page = await answer.text();
        const location = answer.headers.get('location');
        return location && { url: new URL(location, url).href };
    }

    /** The forms of the page. */
    forms() {
        return this.page.match(/<form[\s\S]*?<\/form>/g) ?? [];
    }

    /** What a page asks for next: a form of it, its first, or the link it leads on to. */
    answer(form = this.forms()[0]) {
        if (form) {
            const action = attribute(form, 'action') ?? this.url;
            const fields = {};
            for (const [tag] of form.matchAll(/<(?:input|button)[^>]*>/g)) {
                const name = attribute(tag, 'name');
                if (name && !['remember', 'abort'].includes(name)) {
                    fields[name] ??= ANSWERS[name] ?? attribute(tag, 'value') ?? '';
                }
            }
            return { url: new URL(action, this.url).href, form: fields };
        }
        const link = this.page.match(/http-equiv="refresh" content="0;\s*url=([^"]+)"/)?.[1];
        if (!link) {
            throw new Error(`nothing to do on ${this.url}: ${this.page}`);
        }
        return { url: new URL(plain(link), this.url).href };
    }

    jar(url) {
        const { hostname, pathname } = new URL(url);
        return this.cookies
            .filter((one) => one.host === hostname && pathname.startsWith(one.path))
            .map((one) => `${one.name}=${one.value}`)
            .join('; ');
    }

    keep(url, line) {
        const [pair, ...attributes] = line.split(/;\s*/);
        const [name, value] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)];
        const path = attributes.find((one) => /^path=/i.test(one))?.slice(5) ?? '/';
        const ended = attributes.some((one) => /^max-age=0$/i.test(one) || (/^expires=/i.test(one) && new Date(one.slice(8)) < new Date()));
        const host = new URL(url).hostname;
        this.cookies = this.cookies.filter((one) => one.host !== host || one.name !== name || one.path !== path);
        if (value && !ended) {
            this.cookies.push({ host, name, value, path });
        }
    }
}

/** An attribute of the first tag of a piece of HTML. */
export function attribute(html, name) {
    const found = html.match(/^<[^>]*>/)[0].match(new RegExp(`\\s${name}="([^"]*)"`))?.[1];
    return found === undefined ? undefined : plain(found);
}

function plain(text) {
    return text.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#39;', "'");
}
