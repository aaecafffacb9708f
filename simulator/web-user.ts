// A browser without a screen: cookies, redirects and forms, enough to sign in as a person does.
// Names below localhost are taken for this machine, as browsers take them; Node does not everywhere.
import { lookup } from 'node:dns';
import { Agent, type Dispatcher, request } from 'undici';
import { SallyportError } from '../protocol/errors.ts';

export interface Page {
  readonly url: string;
  readonly status: number;
  readonly text: string;
}

export interface WebUser {
  /** Follows redirects to a page; `cookie` is sent to the first host beside what it has. */
  open(url: string, cookie?: string): Promise<Page>;
  /** Fills in the page's first form with these fields beside its hidden ones, sends it, and follows redirects. */
  submit(page: Page, fields: Readonly<Record<string, string>>): Promise<Page>;
  /** The `Cookie` header that it would send there; empty when it has none. */
  cookieFor(url: string): string;
  close(): Promise<void>;
}

/** Where a page sends browsers without scripts, as this one is. */
const refreshIn = (text: string): string | undefined =>
  /<noscript><meta http-equiv="refresh" content="0;url=([^"]+)"><\/noscript>/.exec(text)?.[1]?.replaceAll('&amp;', '&');

const REDIRECTS_MAX = 20;
const LOOPBACK = { address: '127.0.0.1', family: 4 } as const;

export const isBelowLocalhost = (host: string): boolean => /(^|\.)localhost$/i.test(host);

export interface WebUserOptions {
  /** The certificate to trust where the simulator serves TLS. */
  readonly ca?: string | undefined;
  /** Every name is taken for this machine: the simulator's domain may be a real one. @default false */
  readonly allHere?: boolean;
}

export const createWebUser = ({ ca, allHere = false }: WebUserOptions = {}): WebUser => {
  const jar = new Map<string, Map<string, string>>();
  const dispatcher = new Agent({
    connect: {
      ca,
      lookup: (host, options, done) => {
        if (!allHere && !isBelowLocalhost(host)) return lookup(host, options, done);
        return options.all ? done(null, [LOOPBACK]) : done(null, LOOPBACK.address, LOOPBACK.family);
      },
    },
  });

  const cookiesOf = (url: URL) => {
    const known = jar.get(url.hostname) ?? new Map<string, string>();
    jar.set(url.hostname, known);
    return known;
  };
  const cookieFor = (url: string) => [...cookiesOf(new URL(url))].map(([name, value]) => `${name}=${value}`).join('; ');

  const go = async (start: string, init: { method: Dispatcher.HttpMethod; body?: string }): Promise<Page> => {
    let url = new URL(start);
    let { method, body } = init;
    for (let hop = 0; hop < REDIRECTS_MAX; hop += 1) {
      const headers: Record<string, string> = { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
      const cookie = cookieFor(url.href);
      if (cookie) headers.cookie = cookie;
      if (body !== undefined) Object.assign(headers, { 'content-type': 'application/x-www-form-urlencoded', origin: url.origin });
      const response = await request(url, { dispatcher, method, body, headers });
      keepCookies(cookiesOf(url), response.headers['set-cookie']);
      const text = await response.body.text();
      const location = response.headers.location ?? refreshIn(text);
      const redirected = response.statusCode >= 300 && response.statusCode <= 399;
      if (typeof location !== 'string' || (!redirected && response.headers.location !== undefined)) {
        return { url: url.href, status: response.statusCode, text };
      }
      url = new URL(location, url);
      if (response.statusCode !== 307 && response.statusCode !== 308) {
        method = 'GET';
        body = undefined;
      }
    }
    throw new SallyportError(
      'ERR_SIGN_IN_INVALID',
      `${start} redirected more than ${REDIRECTS_MAX} times; the last was to ${url.origin}${url.pathname}.`,
    );
  };

  return {
    open: (url, cookie) => {
      for (const pair of cookie?.split('; ') ?? []) keepCookies(cookiesOf(new URL(url)), pair);
      return go(url, { method: 'GET' });
    },
    submit: (page, fields) => {
      const form = /<form[^>]*>([\s\S]*?)<\/form>/i.exec(page.text);
      if (!form) throw new SallyportError('ERR_SIGN_IN_INVALID', `There is no form to fill in at ${page.url} (status ${page.status}).`);
      const action = unescaped(/action="([^"]*)"/i.exec(form[0])?.[1] ?? page.url);
      const hidden = [...(form[1] ?? '').matchAll(/<input[^>]*>/gi)]
        .map(([input]) => [/name="([^"]*)"/.exec(input)?.[1], /value="([^"]*)"/.exec(input)?.[1]] as const)
        .filter((pair): pair is readonly [string, string] => pair[0] !== undefined && pair[1] !== undefined)
        .map(([name, value]) => [name, unescaped(value)] as [string, string]);
      const body = new URLSearchParams([...hidden, ...Object.entries(fields)]).toString();
      return go(new URL(action, page.url).href, { method: 'POST', body });
    },
    cookieFor,
    close: () => dispatcher.close(),
  };
};

const keepCookies = (known: Map<string, string>, header: string | string[] | undefined): void => {
  for (const line of [header ?? []].flat()) {
    const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
    const at = pair.indexOf('=');
    const ended = attributes.some((attribute) => /^max-age=0$/i.test(attribute) || /^expires=.* 1970 /i.test(attribute));
    if (ended) known.delete(pair.slice(0, at));
    else known.set(pair.slice(0, at), pair.slice(at + 1));
  }
};

const unescaped = (text: string): string =>
  text.replaceAll(/&(amp|quot|lt|gt|#39);/g, (_, name: string) => ({ amp: '&', quot: '"', lt: '<', gt: '>' })[name] ?? "'");
