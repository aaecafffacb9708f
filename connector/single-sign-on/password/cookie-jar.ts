// The cookies of one user's session at one origin (RFC 6265 §5), kept here instead of in the browser: whoever uses the browser next
// cannot be taken for the user by them.
import { type Cookie, parseCookie } from 'undici';
import type { HeaderList } from '../../../protocol/frames.ts';

const COOKIES_MAX = 50;
const COOKIE_MAX_BYTES = 4096;

interface Kept {
  readonly name: string;
  readonly value: string;
  readonly path: string;
  /** By the clock that tells the time of day; null: as long as the jar. */
  readonly until: number | null;
}

export class CookieJar {
  /** By name and path; the one that was set longest ago first. */
  readonly #cookies = new Map<string, Kept>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  get empty(): boolean {
    return this.#live().length === 0;
  }

  /** Keeps what the answer sets, and answers its other fields. */
  take(headers: HeaderList, path: string): HeaderList {
    for (const [name, value] of headers) if (isSetCookie(name)) this.#keep(value, path);
    return headers.filter(([name]) => !isSetCookie(name));
  }

  /** The request's fields with the jar's cookies; what the browser has under the same names is not the application's. */
  fill(headers: HeaderList, path: string): HeaderList {
    const mine = this.#live();
    const names = new Set(mine.map(({ name }) => name));
    const fitting = mine.filter((cookie) => fits(cookie.path, pathOf(path))).sort((one, other) => other.path.length - one.path.length);
    const others = headers.filter(([name]) => name.toLowerCase() === 'cookie').flatMap(([, value]) => value.split(/;\s*/));
    const pairs = [
      ...fitting.map(({ name, value }) => `${name}=${value}`),
      ...others.filter((pair) => pair !== '' && !names.has(pair.split('=', 1)[0]!.trim())),
    ];
    const rest = headers.filter(([name]) => name.toLowerCase() !== 'cookie');
    return pairs.length === 0 ? rest : [...rest, ['Cookie', pairs.join('; ')]];
  }

  #live(): Kept[] {
    const now = this.#now();
    return [...this.#cookies.values()].filter(({ until }) => until === null || until > now);
  }

  #keep(line: string, requested: string): void {
    if (line.length > COOKIE_MAX_BYTES) return;
    const cookie = parseCookie(line);
    if (cookie === null || cookie.name === '') return;
    const path = cookie.path?.startsWith('/') ? cookie.path : defaultPath(pathOf(requested));
    const key = JSON.stringify([cookie.name, path]);
    this.#cookies.delete(key);
    const until = endOf(cookie, this.#now());
    // The library passes over a negative age, with which servers delete a cookie.
    if (/;\s*max-age\s*=\s*-\d/i.test(line) || (until !== null && until <= this.#now())) return;
    this.#cookies.set(key, { name: cookie.name, value: cookie.value, path, until });
    if (this.#cookies.size > COOKIES_MAX) this.#cookies.delete(this.#cookies.keys().next().value!);
  }
}

const isSetCookie = (name: string): boolean => name.toLowerCase() === 'set-cookie';

const endOf = ({ maxAge, expires }: Cookie, now: number): number | null => {
  if (maxAge !== undefined && maxAge !== null) return now + maxAge * 1000;
  return expires === undefined || expires === null ? null : Number(expires);
};

const pathOf = (target: string): string => target.split(/[?#]/, 1)[0]!;

/** RFC 6265 §5.1.4. */
const defaultPath = (path: string): string => path.slice(0, Math.max(path.lastIndexOf('/'), 1)) || '/';
const fits = (cookie: string, path: string): boolean =>
  path === cookie || (path.startsWith(cookie) && (cookie.endsWith('/') || path[cookie.length] === '/'));
