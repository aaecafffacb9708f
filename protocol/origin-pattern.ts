// Origins as tenant files name them: scheme, host and port, where the host of a wildcard application begins with `*.`, which is one label.

/** Whether an application at `pattern` may have this origin. */
export const coversOrigin = (pattern: string, origin: string): boolean => {
  if (!isPattern(pattern)) return pattern === origin;
  const [scheme = '', rest = ''] = pattern.split('//*');
  const label = origin.startsWith(`${scheme}//`) && origin.endsWith(rest) ? origin.slice(scheme.length + 2, -rest.length) : '';
  return label !== '' && !label.includes('.');
};

export const isPattern = (origin: string): boolean => origin.includes('//*.');
