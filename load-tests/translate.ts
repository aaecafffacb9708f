// `npm run bench:translate`: what translation adds to an exchange. The router with everything around it in memory relays a page of 100 KB,
// as it is and translated; interleaved rounds, so that a busy moment of the machine hits all alike.
import { gzipSync } from 'node:zlib';
import { application, event } from '../lambdas/router/testing/records.ts';
import { createRig } from '../lambdas/router/testing/rig.ts';
import type { Translation } from '../lambdas/stores/records.ts';
import type { HeaderList } from '../protocol/frames.ts';
import { PAYLOAD_MAX_BYTES } from '../protocol/limits.ts';

const PAGE_BYTES = 100 * 1024;
const WARM_UP_ROUNDS = 3;
const ROUNDS = 15;
const REPEATS = 20;
const INTERNAL = application().internalUrl;

/** Rows as a wiki's or a tracker's page has them: one link in two is absolute and internal. */
const page = (): string => {
  let html =
    '<!doctype html><html><head><meta charset="utf-8"><link rel="stylesheet" href="/style.css"><title>Pages</title></head><body>\n';
  for (let row = 0; html.length < PAGE_BYTES; row += 1) {
    const link = `<a href="${row % 2 === 0 ? INTERNAL : '/'}page/${row}?a=1&amp;b=2" title="Page ${row}">Page ${row}</a>`;
    html += `<div class="row r${row}">${link}<p>Some text that is longer than a link, with <b>bold</b> words.</p><img src="/img/${row}.png" alt=""></div>\n`;
    if (row % 50 === 0) html += `<script>register({"id":${row},"url":"${INTERNAL.replaceAll('/', '\\/')}page\\/${row}"});</script>\n`;
  }
  return html;
};

const HTML = Buffer.from(page());

/** One exchange of a signed-in user, from the event to the last byte. */
const exchangeWith = (links: Translation['links'], packed: boolean): (() => Promise<void>) => {
  const rig = createRig();
  rig.applications.splice(0, 1, application({ translation: { headers: true, links, scripts: links === 'on' } }));
  const body = packed ? gzipSync(HTML) : HTML;
  const headers: HeaderList = [['Content-Type', 'text/html; charset=utf-8'], ...(packed ? [['Content-Encoding', 'gzip'] as const] : [])];
  const count = Math.ceil(body.length / PAYLOAD_MAX_BYTES);
  rig.behaviours.set('tunnel-a=', ({ frame }, reply) => {
    if (frame.type !== 'request') return;
    for (let n = 0; n < count; n += 1) {
      const part = body.subarray(n * PAYLOAD_MAX_BYTES, (n + 1) * PAYLOAD_MAX_BYTES);
      const common = { exchange: frame.exchange, end: n === count - 1 };
      if (n === 0) reply({ type: 'response', n, status: 200, headers, ...common }, part);
      else reply({ type: 'body', n, ...common }, part);
    }
  });
  const asked = event({ headers: { Cookie: [rig.signIn()], 'Accept-Encoding': ['gzip'] } });
  return async () => {
    rig.received.length = 0;
    rig.lines.length = 0;
    const { response, done, failure } = rig.begin(asked);
    await done;
    if (response.status !== 200 || !response.ended) throw new Error('The page did not come.', { cause: failure() });
  };
};

const candidates: Readonly<Record<string, () => Promise<void>>> = {
  'as it is': exchangeWith('off', false),
  translated: exchangeWith('on', false),
  'gzip, as it is': exchangeWith('off', true),
  'gzip, translated': exchangeWith('on', true),
};

const milliseconds = async (act: () => Promise<void>): Promise<number> => {
  const start = process.hrtime.bigint();
  for (let i = 0; i < REPEATS; i += 1) await act();
  return Number(process.hrtime.bigint() - start) / REPEATS / 1e6;
};
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

const rounds: number[][] = [];
for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round += 1) {
  const times: number[] = [];
  for (const act of Object.values(candidates)) times.push(await milliseconds(act));
  if (round >= WARM_UP_ROUNDS) rounds.push(times);
}
const medians = Object.keys(candidates).map((_, column) => median(rounds.map((times) => times[column]!)));
for (const [index, name] of Object.keys(candidates).entries()) {
  const beside = medians[index - (index % 2)]!;
  console.log(`${name.padEnd(18)} ${medians[index]!.toFixed(2).padStart(7)} ms   ${(medians[index]! / beside).toFixed(1)} ×`);
}
