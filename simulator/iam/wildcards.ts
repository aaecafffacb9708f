// IAM's wildcards: `*` is any run of characters, `?` any single one. In ARNs they do not stop at a slash or a colon.

const cache = new Map<string, RegExp>();
/** Patterns come from templates and from session policies; the latter are made anew for each connector. */
const CACHE_MAX = 5000;

/** Whether `pattern` covers the whole of `value`, case-sensitively. */
export const matches = (pattern: string, value: string): boolean => compile(pattern, '').test(value);

/** The same for action names, which IAM compares without regard to case. */
export const matchesAction = (pattern: string, action: string): boolean => compile(pattern, 'i').test(action);

/**
 * ArnLike and Resource elements: each of the six parts is compared by itself, so that `*` in the service part cannot
 * reach into the account ("IAM JSON policy elements: Condition operators", ARN operators).
 */
export const matchesArn = (pattern: string, arn: string): boolean => {
  if (pattern === '*') return true;
  const wanted = parts(pattern);
  const given = parts(arn);
  if (wanted.length !== 6 || given.length !== 6) return false;
  return wanted.every((part, index) => matches(part, given[index] ?? ''));
};

const parts = (arn: string): string[] => {
  const all = arn.split(':');
  return all.length <= 6 ? all : [...all.slice(0, 5), all.slice(5).join(':')];
};

const compile = (pattern: string, flags: string): RegExp => {
  const key = flags + pattern;
  const known = cache.get(key);
  if (known) return known;
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const made = new RegExp(`^${source}$`, `s${flags}`);
  if (cache.size >= CACHE_MAX) cache.clear();
  cache.set(key, made);
  return made;
};
