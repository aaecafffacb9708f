// Whatever happens to posts and connections, the router ends up with every byte, once, in order: checked with generated mishaps.
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Reassembly } from '../protocol/reassembly.ts';
import type { PostResult } from './ports.ts';
import { answerOf, createBench, PlayedBody } from './testing/bench.ts';
import { settled } from './testing/manual-clock.ts';

type Mishap = 'none' | 'twice' | 'late' | 'gone' | 'gone, though delivered' | 'failed' | 'lost silently';

const mishap = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Mishap>('none') },
  { weight: 1, arbitrary: fc.constantFrom<Mishap>('twice', 'late', 'gone', 'gone, though delivered', 'failed', 'lost silently') },
);

test('an answer survives what posts and connections may suffer', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 200_000 }), { maxLength: 12 }),
      fc.array(mishap, { minLength: 1, maxLength: 40 }),
      async (sizes, mishaps) => {
        const chunks = sizes.map((size, index) => Buffer.alloc(size, index + 1));
        const sent = Buffer.concat(chunks);
        const bench = createBench();
        const request = bench.request({ replyTo: 'router-0' });
        const incoming = new Reassembly<Buffer>();
        const received: Buffer[] = [];
        let connection = 0;
        let ended = false;
        let lost = false;
        const late: Array<() => void> = [];

        const take = (n: number, payload: Buffer, end: boolean) => {
          received.push(...incoming.accept(n, payload, payload.length));
          if (end) ended = true;
        };
        bench.reply = async ({ frame, payload, replyTo }): Promise<PostResult> => {
          if (!('n' in frame)) return 'delivered';
          const end = 'end' in frame && frame.end;
          const what = replyTo === `router-${connection}` ? (mishaps.shift() ?? 'none') : 'gone';
          if (what === 'none' || what === 'twice' || what === 'gone, though delivered') take(frame.n, payload, end);
          if (what === 'twice') take(frame.n, payload, end);
          if (what === 'late') late.push(() => take(frame.n, payload, end));
          if (what.startsWith('gone') || what === 'failed' || what === 'lost silently') lost = true;
          return what.startsWith('gone') ? 'gone' : what === 'failed' ? 'failed' : 'delivered';
        };

        const body = new PlayedBody();
        await bench.deliver(request);
        bench.calls[0]!.answer(answerOf(body));
        for (const chunk of chunks) {
          body.write(chunk);
          await settled();
        }
        body.write(null);
        for (let turn = 0; turn < 60 && !(ended && received.reduce((sum, { length }) => sum + length, 0) === sent.length); turn += 1) {
          await settled();
          for (const deliver of late.splice(0)) deliver();
          if (!lost) continue;
          lost = false;
          connection += 1;
          await bench.deliver({
            type: 'reply-to',
            exchange: request.exchange,
            replyTo: `router-${connection}`,
            received: incoming.received,
          });
        }

        expect(Buffer.concat(received).equals(sent)).toBe(true);
        expect(bench.calls).toHaveLength(1);
      },
    ),
    { numRuns: 60 },
  );
});
