// What our way back costs beside those of prior art, as the meter counts what real exchanges took. Time is left out: it is the machine's.
import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { dollars, type Units, unitsOf, warm, withDesigns } from '../../load-tests/bench/bill.ts';
import type { DesignName } from '../../load-tests/prior-art/world.ts';
import { FRAME_MAX_BYTES, FRAME_OVERHEAD_BYTES } from '../../protocol/limits.ts';

const KILOBYTE = 1024;
const SIZES = [KILOBYTE, 16 * KILOBYTE, 1024 * KILOBYTE];
/** The cheapest counts: a connector's heartbeat may fall into one. */
const EXCHANGES = 3;
/** What an HTTP API bills as one. */
const REQUEST_BYTES = 512 * KILOBYTE;

/** By size, for one exchange. */
const spent = new Map<number, Partial<Record<DesignName, Units>>>();

const sha256 = (body: Uint8Array): string => createHash('sha256').update(body).digest('hex');

beforeAll(async () => {
  await withDesigns(async (running, origin) => {
    for (const bytes of SIZES) {
      const original = sha256(new Uint8Array(await (await fetch(`${origin}/noise/${bytes}`)).arrayBuffer()));
      const line: Partial<Record<DesignName, Units>> = {};
      for (const { design, world, ask } of running) {
        const exchange = async () => expect(sha256(await ask(`noise/${bytes}`))).toBe(original);
        await warm(exchange);
        const each: Units[] = [];
        for (let at = 0; at < EXCHANGES; at += 1) each.push({ ...(await unitsOf(world, 1, exchange)), 'gb-seconds': 0 });
        line[design] = each.reduce((least, units) => (dollars(units) < dollars(least) ? units : least));
      }
      spent.set(bytes, line);
    }
  });
}, 300_000);

describe.each(SIZES)('an answer of %i bytes', (bytes) => {
  test('costs less than through a relay function, and less than by polling a database', () => {
    const { sallyport, 'relay-function': relay, 'database-polling': polling } = spent.get(bytes)!;

    expect(dollars(sallyport!)).toBeLessThan(dollars(relay!));
    expect(dollars(sallyport!)).toBeLessThan(dollars(polling!));
  });

  test('goes the way that each design is named for, at the least that it takes', () => {
    const { sallyport, 'relay-function': relay, 'database-polling': polling } = spent.get(bytes)!;
    const text = (bytes * 4) / 3;

    expect(sallyport).toMatchObject({ 'rest-requests': 1, invocations: 1, 'http-requests': 0, 'write-units': 0, 'read-units': 0 });
    expect(relay).toMatchObject({ 'rest-requests': 1, 'websocket-messages': sallyport!['websocket-messages'], 'write-units': 0 });
    // As many pieces in one request as came meanwhile: from a full request to a frame in each.
    expect(relay!['http-requests']).toBeGreaterThanOrEqual(Math.ceil(text / REQUEST_BYTES));
    expect(relay!['http-requests']).toBeLessThanOrEqual(Math.ceil(text / (FRAME_MAX_BYTES - FRAME_OVERHEAD_BYTES)));
    expect(relay!.invocations).toBeGreaterThan(1);
    expect(polling).toMatchObject({ 'rest-requests': 1, invocations: 1, 'http-requests': 0, 'websocket-messages': 1 });
    expect(polling!['write-units'] / (bytes / KILOBYTE)).toBeLessThan(bytes === KILOBYTE ? 2.1 : 1.1);
    expect(polling!['read-units']).toBeGreaterThan(0);
  });
});
