// Models of servers: what each of them takes a path for, told as its own source or documents tell it, step by step and with nothing of
// path-operations.ts. An empty list: it refuses the path. The real ones differ by version and settings; each of those that matter is here.

export type Server = (path: string) => string[];

const decode = (text: string, keep = ''): string =>
  text.replaceAll(/%[0-9a-f]{2}/gi, (encoded) => {
    const character = String.fromCharCode(Number.parseInt(encoded.slice(1), 16));
    return keep.includes(character) ? encoded : character;
  });

/** Up to, and without, the next slash. */
const withoutParameters = (text: string): string => {
  let kept = '';
  let inParameters = false;
  for (const character of text) {
    inParameters = character === ';' || (inParameters && character !== '/');
    if (!inParameters) kept += character;
  }
  return kept;
};

const oneSlash = (text: string): string => text.split(/\/+/).join('/');

/** Null when it leads above the root. */
const withoutDots = (text: string, above: 'refuse' | 'drop' | 'keep' = 'refuse'): string | null => {
  const stack: string[] = [];
  const segments = text.split('/').slice(1);
  for (const [index, segment] of segments.entries()) {
    const last = index === segments.length - 1;
    if (segment === '.') {
      if (last) stack.push('');
    } else if (segment === '..') {
      if (stack.length === 0 || stack.at(-1) === '..') {
        if (above === 'refuse') return null;
        if (above === 'keep') stack.push('..');
      } else stack.pop();
      if (last) stack.push('');
    } else stack.push(segment);
  }
  return `/${stack.join('/')}`;
};

const some = (...texts: (string | null)[]): string[] => texts.filter((text) => text !== null);

/** CoyoteAdapter: parsePathParameters, convert, normalize. Encoded slashes are refused, kept or decoded; backslashes refused or turned. */
export const tomcat: Server = (path) => {
  const stripped = withoutParameters(path);
  return ['/', '\\', '/\\', ''].flatMap((kept) => {
    const decoded = decode(stripped, kept);
    if (decoded.includes('\0')) return [];
    return some(withoutDots(oneSlash(decoded)), withoutDots(oneSlash(decoded.replaceAll('\\', '/'))));
  });
};

/** UrlPathHelper (parameters off, decoded, cleaned; `;` once more where the container decoded first), and PathPattern by segment. */
export const spring: Server = (path) => {
  const helper = oneSlash(decode(withoutParameters(path)));
  const late = withoutParameters(oneSlash(decode(path)));
  const pattern = path.split('/').map((segment) => decode(segment.replace(/;.*/s, '')));
  const trimmed = helper.split('/').map((token) => token.trim());
  return some(helper, withoutDots(helper, 'drop'), late, withoutDots(late, 'drop'), pattern.join('/'), trimmed.join('/'));
};

/** HttpURI and URIUtil: `decodePath` takes parameters and encoding off in one pass, `%uXXXX` too; `canonicalPath` keeps empty segments. */
export const jetty: Server = (path) => {
  const decoded = decode(withoutParameters(path).replaceAll(/%u00([0-9a-f]{2})/gi, '%$1'));
  const resolved = withoutDots(withoutParameters(path).replaceAll(/%2e/gi, '.'));
  return some(withoutDots(decoded), resolved && decode(resolved), withoutDots(oneSlash(decoded)));
};

/** HTTP.sys: decoded (twice for old ones), backslashes turned, slashes merged, dots resolved; then names as the file system takes them. */
export const iis: Server = (path) => {
  const once = decode(path.replaceAll(/%u00([0-9a-f]{2})/gi, '%$1'));
  return [once, decode(once)].flatMap((decoded) => {
    const url = withoutDots(oneSlash(decoded.replaceAll('\\', '/')), 'drop')!;
    const names = url.split('/').map((name) => {
      let kept = name.split(':')[0]!;
      while (/[. ]$/.test(kept) && !name.startsWith('..:')) kept = kept.slice(0, -1);
      return kept;
    });
    return [url, names.join('/')];
  });
};

/** ngx_http_parse_complex_uri: decoding, merging and dots in one pass; `?` and `#` that were encoded are characters. */
export const nginx: Server = (path) => {
  const read = (merge: boolean): string | null => {
    const segments: string[] = [''];
    const end = (): boolean => {
      const segment = segments.at(-1)!;
      if (segment === '.') segments[segments.length - 1] = '';
      else if (segment === '..') {
        segments.splice(-2);
        if (segments.length === 0) return false;
        segments.push('');
        if (segments.length > 1) segments[segments.length - 1] = '';
      } else if (!merge || segment !== '') segments.push('');
      return true;
    };
    for (const character of decode(path).slice(1)) {
      if (character === '\0') return null;
      if (character !== '/') segments[segments.length - 1] += character;
      else if (!end()) return null;
    }
    if (['.', '..'].includes(segments.at(-1)!) && !end()) return null;
    return `/${segments.join('/')}`;
  };
  return some(read(true), read(false));
};

/** ap_normalize_path (unreserved decoded, `;…` dropped where the backend is AJP), ap_unescape_url (slashes by AllowEncodedSlashes), then again. */
export const apache: Server = (path) => {
  const unreserved = path.replaceAll(/%[0-9a-f]{2}/gi, (encoded) => (/[\w.~-]/.test(decode(encoded)) ? decode(encoded) : encoded));
  return [unreserved, withoutParameters(unreserved)].flatMap((text) => {
    const first = withoutDots(oneSlash(text));
    if (first === null) return [];
    return ['', '/'].flatMap((kept) => {
      const decoded = decode(first, kept);
      return decoded.includes('\0') ? [] : some(decoded, withoutDots(oneSlash(decoded), 'drop'));
    });
  });
};

/** net/url and path.Clean; a mux that is told to use the raw path cleans before it decodes. */
export const go: Server = (path) => {
  if (/%(?![0-9a-f]{2})/i.test(path)) return [];
  const clean = (text: string) => withoutDots(oneSlash(text), 'drop')!;
  return [decode(path), clean(decode(path)), decode(clean(path))];
};

/** PEP 3333: PATH_INFO is decoded once; Werkzeug merges slashes, a file server normalises, urllib takes a query or parameters off what was decoded. */
export const wsgi: Server = (path) => {
  const info = decode(path);
  const parsed = info.split(/[?#]/)[0]!;
  return some(info, oneSlash(info), withoutDots(oneSlash(info), 'drop'), parsed, parsed.split(';')[0]!, withoutDots(parsed, 'drop'));
};

/** `new URL(…).pathname`, then decodeURIComponent, once or twice. */
export const whatwg: Server = (path) => {
  const { pathname } = new URL(`http://host.example${path}`);
  return [pathname, decode(pathname), decode(decode(pathname))];
};

/** `URI.normalize().getPath()`: dots go before the encoding, those above the root stay; a file is looked up under what is left. */
export const java: Server = (path) => {
  const normalized = withoutDots(oneSlash(path), 'keep')!;
  const decoded = decode(normalized);
  return some(normalized, decoded, withoutDots(oneSlash(decoded), 'drop'), withoutParameters(decoded));
};

export const SERVERS: Readonly<Record<string, Server>> = { tomcat, spring, jetty, iis, nginx, apache, go, wsgi, whatwg, java };
