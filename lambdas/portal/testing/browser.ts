// For tests: as much of a browser as a sign-in needs, over real HTTP. Cookies by origin and path, redirects followed one by one.
// Not by fetch, which says of itself that it is no page load (`Sec-Fetch-Mode: cors`).
import { request } from 'undici';

export interface Landing {
  readonly status: number;
  readonly url: string;
  readonly setCookies: readonly string[];
  readonly policy: string;
  readonly referrerPolicy: string;
  readonly text: string;
  /** Every address on the way, this one included. */
  readonly trail: readonly string[];
}

export interface Post {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
}

export class Browser {
  readonly #jar = new Map<string, Cookie[]>();
  readonly #headers: Readonly<Record<string, string>>;

  /** `headers`: what it says with each request. */
  constructor(headers: Readonly<Record<string, string>> = {}) {
    this.#headers = headers;
  }

  /** Follows redirects while `until` does not hold of the next address. */
  async open(url: string, { until = () => false, post }: { until?: (url: string) => boolean; post?: Post } = {}): Promise<Landing> {
    const trail: string[] = [];
    for (let at = url, how = post; trail.length < 20; how = undefined) {
      trail.push(at);
      const { origin, pathname } = new URL(at);
      const cookie = this.cookieHeader(origin, pathname);
      const headers = { ...this.#headers, accept: 'text/html', 'sec-fetch-mode': 'navigate', cookie, ...how?.headers };
      const response = await request(at, { method: how ? 'POST' : 'GET', headers, body: how?.body });
      const setCookies = [response.headers['set-cookie'] ?? []].flat();
      for (const line of setCookies) this.#keep(origin, line);
      const text = await response.body.text();
      const { location } = response.headers;
      const next = typeof location === 'string' ? new URL(location, at).href : null;
      const policy = String(response.headers['content-security-policy']);
      const referrerPolicy = String(response.headers['referrer-policy']);
      if (next === null || until(next))
        return { status: response.statusCode, url: next ?? at, setCookies, policy, referrerPolicy, text, trail };
      at = next;
    }
    throw new Error(`Redirected without end: ${trail.slice(-4).join(' → ')}`);
  }

  cookieHeader(origin: string, path = '/'): string {
    const fitting = (this.#jar.get(origin) ?? []).filter((cookie) => path.startsWith(cookie.path));
    return fitting.map(({ name, value }) => `${name}=${value}`).join('; ');
  }

  cookie(origin: string, name: string): string | undefined {
    return this.#jar.get(origin)?.find((cookie) => cookie.name === name)?.value;
  }

  setCookie(origin: string, name: string, value: string): void {
    this.#keep(origin, `${name}=${value}; path=/`);
  }

  #keep(origin: string, line: string): void {
    const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
    const [name = '', value = ''] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)];
    const attribute = (wanted: string) => attributes.find((text) => text.toLowerCase().startsWith(`${wanted}=`))?.slice(wanted.length + 1);
    const path = attribute('path') ?? '/';
    const others = (this.#jar.get(origin) ?? []).filter((cookie) => cookie.name !== name || cookie.path !== path);
    const gone = attribute('max-age') === '0' || Date.parse(attribute('expires') ?? '') < 1e12;
    this.#jar.set(origin, gone ? others : [...others, { name, value, path }]);
  }
}
