// `GET /control/exchanges/{id}`: what the router logged of an exchange, with the attempts before it, or of a request that became none; else
// what another function logged of a request of its own, such as a page of the portal.
import type { LogPage } from '../../protocol/control.ts';
import { SallyportError } from '../../protocol/errors.ts';
import type { FunctionLog } from './function-log.ts';

/** An invocation of the router takes 15 minutes at most. */
const REQUEST_MAX_MS = 16 * 60_000;
const MARGIN_MS = 1_000;

/** Throws ERR_REQUEST_INVALID, ERR_STORE_UNAVAILABLE. */
export const findExchange = async (
  log: FunctionLog,
  otherLogs: readonly FunctionLog[],
  id: string,
  query: URLSearchParams,
): Promise<LogPage> => {
  const next = query.get('next') ?? undefined;
  const span = { from: readTime(query, 'from'), to: readTime(query, 'to') };
  const page = await log.find({ fields: [{ exchange: id }, { request: id }], ...span, next });

  const [line] = page.lines;
  if (line === undefined && page.next === null) {
    const found = await Promise.all(otherLogs.map((other) => other.find({ fields: [{ requestId: id }], ...span })));
    return { lines: found.flatMap(({ lines }) => lines), next: null };
  }
  if (line === undefined || typeof line.request !== 'string') return page;
  // Other attempts of the same request were exchanges of their own.
  const whole = await log.find({ fields: [{ request: line.request }], ...spanOf(line) });
  return { lines: whole.next === null && whole.lines.length > 0 ? whole.lines : page.lines, next: null };
};

/** A line tells how long the request had taken; what comes after it is another attempt, if anything. */
const spanOf = ({ time, ms, event }: LogPage['lines'][number]): { readonly from: number; readonly to: number } => {
  const at = Date.parse(String(time));
  if (Number.isNaN(at)) throw new SallyportError('ERR_INTERNAL', 'A line of the router’s log has no time.');
  return {
    from: at - (typeof ms === 'number' ? ms : REQUEST_MAX_MS) - MARGIN_MS,
    to: at + (typeof ms === 'number' && event !== 'exchange.retried' ? MARGIN_MS : REQUEST_MAX_MS),
  };
};

export const readTime = (query: URLSearchParams, name: string): number => {
  const text = query.get(name) ?? '';
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new SallyportError('ERR_REQUEST_INVALID', `${name} must be milliseconds since the epoch.`);
};
