// For tests: a tenant with a few applications, and a body sent through the whole translation in parts of any size.
import type { Published } from '../../../stores/records.ts';
import { createExternalUrls } from '../../external-url.ts';
import { translateBody } from '../body.ts';
import type { Content, Kind } from '../content.ts';
import { createLinkReport, type LinkReport } from '../report.ts';
import { createTargets, type Targets, type TargetsOptions } from '../targets.ts';

/** Internal authority → what is published there. Some have two applications, one below the other. */
export const PUBLISHED: Readonly<Record<string, readonly Published[]>> = {
  'wiki.corp:8080': [{ application: 'wiki', internalUrl: 'http://wiki.corp:8080/', host: 'wiki.apps.example.com', path: '/' }],
  'intra.corp': [
    { application: 'intra', internalUrl: 'http://intra.corp/', host: 'intra.apps.example.com', path: '/' },
    { application: 'hr', internalUrl: 'http://intra.corp/hr/', host: 'hr.apps.example.com', path: '/people/' },
  ],
  'plots.corp': [
    { application: 'plots', internalUrl: 'http://plots.corp/', host: 'plots.apps.example.com', path: '/' },
    // As a regular expression may end: `/http:\/\/plots.corp/g`.
    { application: 'graphs', internalUrl: 'http://plots.corp/g/', host: 'graphs.apps.example.com', path: '/' },
  ],
  legacy: [{ application: 'legacy', internalUrl: 'http://legacy/app/', host: 'legacy.apps.example.com', path: '/' }],
};

export const OWN = { host: 'own.apps.example.com', path: '/', internalUrl: 'http://own.corp:8000/' };
/** The same below a path, on both sides. */
export const BELOW = { host: 'own.apps.example.com', path: '/ext/', internalUrl: 'http://own.corp:8000/int/' };

export const targetsFor = (options: Partial<TargetsOptions> = {}): Targets & { readonly asked: string[] } => {
  const asked: string[] = [];
  const targets = createTargets({
    application: 'own',
    own: [OWN],
    urls: createExternalUrls('https://portal.example.com/'),
    publishedAt: async (authority) => {
      asked.push(authority);
      return PUBLISHED[authority] ?? [];
    },
    servedOn: async (host) => {
      const found = Object.values(PUBLISHED)
        .flat()
        .find((published) => published.host === host);
      return found?.application ?? (host === OWN.host ? 'own' : null);
    },
    log: { warn: () => undefined },
    ...options,
  });
  return { ...targets, asked };
};

export interface Translated {
  readonly kind?: Kind;
  readonly scripts?: boolean;
  readonly data?: boolean;
  readonly content?: Partial<Content>;
  readonly targets?: Targets;
  readonly report?: LinkReport | null;
  readonly packed?: boolean;
  readonly hashed?: { readonly scripts: boolean; readonly styles: boolean };
}

export const translateParts = async (parts: readonly Buffer[], options: Translated = {}): Promise<Buffer[]> => {
  const { kind = 'html', scripts = true, data = true, content = {}, targets = targetsFor(), report = null, packed = false } = options;
  const { hashed = { scripts: false, styles: false } } = options;
  const body = (async function* () {
    yield* parts;
  })();
  const out: Buffer[] = [];
  const settings = {
    content: { kind, charset: null, codings: [], ...content },
    scripts,
    data,
    hashed,
    targets,
    report,
    packed,
    translates: true,
    finish: (plain: AsyncIterable<Buffer>) => plain,
  };
  for await (const part of translateBody(body, settings)) out.push(part);
  return out;
};

export const translateText = async (text: string, options: Translated = {}): Promise<string> =>
  Buffer.concat(await translateParts([Buffer.from(text)], options)).toString();

/** The parts of a text, cut at these places. */
export const cutAt = (text: Buffer, places: readonly number[]): Buffer[] => {
  const cuts = [0, ...places.map((place) => place % (text.length + 1)).sort((one, other) => one - other), text.length];
  return cuts.slice(1).map((end, index) => text.subarray(cuts[index], end));
};

export const newReport = (): LinkReport => createLinkReport(['own.corp']);
