// Ids are 256 bits in base64url, so one in 64 begins with a dash and would be taken for an option.

const DASHED_ID = /^-[\w-]{42}$/;

/** The same arguments as `parseArgs` reads them right: the id that an option names joined to it, any other at the end, after `--`. */
export const withDashedIds = (
  argv: readonly string[],
  options: Readonly<Record<string, { readonly type: 'string' | 'boolean' }>>,
): string[] => {
  const args: string[] = [];
  const ids: string[] = [];
  for (const arg of argv) {
    const option = args.at(-1);
    if (!DASHED_ID.test(arg)) args.push(arg);
    else if (option?.startsWith('--') && options[option.slice(2)]?.type === 'string') args.splice(-1, 1, `${option}=${arg}`);
    else ids.push(arg);
  }
  if (ids.length === 0) return args;
  return args.includes('--') ? [...args, ...ids] : [...args, '--', ...ids];
};
