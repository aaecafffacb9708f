// `sallyport explain ID`: what became of an exchange or a request, from the functions' logs. The last hour is searched first, then further back.
import { SallyportError } from '../../protocol/errors.ts';
import type { ControlClient } from '../control-client.ts';
import { describeExchange, type LogLine } from '../timeline.ts';

const HOUR_MS = 3_600_000;
/** How far back; logs are kept for three months. */
const SPANS: ReadonlyArray<readonly [words: string, hours: number]> = [
  ['hour', 1],
  ['6 hours', 6],
  ['day', 24],
  ['week', 7 * 24],
  ['90 days', 90 * 24],
];

/** Throws ERR_REQUEST_INVALID, ERR_CONTROL_UNKNOWN. */
export const explain = async (client: ControlClient, id: string, say: (line: string) => void, now: number): Promise<void> => {
  if (!/^[\w-]{1,128}$/.test(id))
    throw new SallyportError('ERR_REQUEST_INVALID', `${JSON.stringify(id)} is no id: copy it from the error page.`);
  let to = now;
  for (const [words, hours] of SPANS) {
    const from = now - hours * HOUR_MS;
    const lines = await search(client, id, from, to);
    if (lines.length > 0) {
      for (const line of describeExchange(lines)) say(line);
      return;
    }
    say(`Nothing in the last ${words}.`);
    to = from - 1;
  }
  throw new SallyportError('ERR_CONTROL_UNKNOWN', `No function’s log has ${id}. Lines come up to a minute late: try again.`);
};

const search = async (client: ControlClient, id: string, from: number, to: number): Promise<readonly LogLine[]> => {
  let next: string | null = null;
  do {
    const page = await client.exchange(id, { from, to, next });
    if (page.lines.length > 0) return page.lines;
    next = page.next;
  } while (next !== null);
  return [];
};
