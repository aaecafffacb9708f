// `GET /control/links/{application}`: what hard-coded links the router has found on an application's pages, summed up.
import type { LinkPage } from '../../protocol/control.ts';
import { addLinks, type LinkPlace, type LinkSummary } from '../../protocol/link-report.ts';
import { readTime } from './exchange-log.ts';
import type { FunctionLog } from './function-log.ts';

/** Throws ERR_REQUEST_INVALID, ERR_STORE_UNAVAILABLE. */
export const findLinks = async (log: FunctionLog, application: string, query: URLSearchParams): Promise<LinkPage> => {
  const { lines, next } = await log.find({
    fields: [{ event: 'links.found', application }],
    from: readTime(query, 'from'),
    to: readTime(query, 'to'),
    next: query.get('next') ?? undefined,
  });
  const links = lines.reduce<LinkSummary[]>((sum, line) => addLinks(sum, summariesOf(line)), []);
  return { exchanges: lines.length, links, next };
};

/** An older router may have logged otherwise: what cannot be read is left out. */
const summariesOf = ({ page, links }: Readonly<Record<string, unknown>>): LinkSummary[] =>
  (Array.isArray(links) ? links : []).flatMap((link: Readonly<Record<string, unknown>> | null) => {
    const { target, published = null, count, places = {}, examples = [] } = link ?? {};
    if (typeof target !== 'string' || typeof count !== 'number' || !Array.isArray(examples)) return [];
    return [
      {
        target,
        published: typeof published === 'string' ? published : null,
        count,
        places: places as Partial<Record<LinkPlace, number>>,
        examples: examples.map(String),
        pages: typeof page === 'string' ? [page] : [],
      },
    ];
  });
