// How the servers that we know of may read one path. Nothing is forwarded so: a path is refused only where two readings of it lie in
// different applications, or one of them outside what is published (D10). Most paths have one reading, and cost one test.

/** More layers of encoding than this nobody takes off. */
const DECODING_ROUNDS = 4;
/** Whatever holds none of these is read alike by everyone. */
const PECULIAR = /[%;\\:\x80-\uffff]|\/\/|\/[. ]|[. ](?:\/|$)/;

/** Lower case, slashes merged, ending in a slash whether the path does or not. */
export const pathReadings = (path: string): ReadonlySet<string> => {
  if (!PECULIAR.test(path)) return new Set([merged(path)]);
  const readings = new Set<string>();
  for (const layer of layers(path)) {
    for (const text of cuts(layer)) {
      for (const segments of servers(text)) {
        for (const read of [segments, resolved(segments), resolved(segments.filter((segment) => segment !== ''))]) {
          readings.add(merged(`/${read.join('/')}`));
        }
      }
    }
  }
  return readings;
};

/** The path as it came, and with one more layer of encoding taken off, as long as there is one. */
const layers = (path: string): string[] => {
  const found = [path];
  for (let text = path; found.length <= DECODING_ROUNDS && text.includes('%'); ) {
    const next = decodeOnce(text);
    if (next === text) break;
    found.push(next);
    text = next;
  }
  return found.flatMap((text) => (/[\x80-\xff]/.test(text) ? [text, compatible(text)] : [text]));
};

/** One character for each byte; IIS knows `%u002e` besides. */
const decodeOnce = (text: string): string =>
  text
    .replaceAll(/%u00([0-9a-f]{2})/gi, '%$1')
    .replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    // Longer encodings of ASCII than needed: 0xC0 0xAF is a slash to a lax decoder, though it is no UTF-8 (RFC 3629 §3).
    .replaceAll(/[\xc0\xc1][\x80-\xbf]|\xe0[\x80\x81][\x80-\xbf]|\xf0\x80[\x80\x81][\x80-\xbf]/g, (bytes) =>
      String.fromCharCode(((bytes.charCodeAt(bytes.length - 2) & 1) << 6) | (bytes.charCodeAt(bytes.length - 1) & 0x3f)),
    );

/** Full-width letters, slashes and dots as plain ones: what converting to a narrower character set makes of them. */
const compatible = (text: string): string => Buffer.from(text, 'latin1').toString('utf8').normalize('NFKC');

/** Some readers stop at a NUL, at what they take for a query or a fragment, or at the first parameter. */
const cuts = (text: string): string[] => [
  text,
  ...[/\0.*/s, /[?#].*/s, /;.*/s].filter((end) => end.test(text)).map((end) => text.replace(end, '')),
];

/** Plainly; parameters dropped, as Tomcat does; a backslash for a slash, and names as Windows takes them. */
const servers = (text: string): string[][] => {
  const plain = text.slice(1).split('/');
  const windows = text.slice(1).split(/[/\\]/);
  const dropped = (segments: string[]) => segments.map((segment) => segment.replace(/;.*/s, ''));
  return [plain, dropped(plain), windows, dropped(windows), windows.map(windowsName), dropped(windows).map(windowsName)];
};

/** `admin.`, `admin ` and `admin::$INDEX_ALLOCATION` are `admin`; dots with blanks around them are dots. */
const windowsName = (segment: string): string => {
  const name = segment.replace(/:.*/s, '').trim();
  let end = name.length;
  // A pattern would begin anew at each dot and blank that is not at the end: quadratic, for whoever sends thousands.
  while (end > 0 && '. '.includes(name.charAt(end - 1))) end -= 1;
  if (end > 0) return name.slice(0, end);
  return name.indexOf('.') === name.lastIndexOf('.') ? name : '..';
};

/** RFC 3986 §5.2.4. */
const resolved = (segments: readonly string[]): string[] => {
  const kept: string[] = [];
  for (const segment of segments) {
    if (segment === '..') kept.pop();
    else if (segment !== '.') kept.push(segment);
  }
  return kept;
};

const merged = (path: string): string => `${path}/`.replaceAll(/\/{2,}/g, '/').toLowerCase();
