// Whatever a server takes a path for is among its readings: ten models of servers, and two of them one behind the other.
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { SallyportError } from '../protocol/errors.ts';
import { pathReadings } from './path-readings.ts';
import { SERVERS } from './testing/servers.ts';

const PATHS = 200_000;

const piece = fc.constantFrom(
  ...['/', '//', '/admin', '/x', 'a', 'A', '.', '..', '/..', '/../', '/./', '..;', ';', ';/', ';a=', ';%2f', ';%5c..%5c', ':', '%'],
  ...['%2e', '%2E%2e', '%2f', '%2F..%2f', '%5c', '\\', '..\\', '%3b', '%3a', '%3f', '%23', '%20', '%00', '%61'],
  ...['%25', '%252f', '%252e', '%%32%66', '%u002e', '%c3%a9', '%c0%af'],
);

/** As pathReadings compares. */
const compared = (path: string): string => `${path}/`.replaceAll(/\/{2,}/g, '/').toLowerCase();

const path = fc.array(piece, { minLength: 1, maxLength: 7 }).map((pieces) => `/${pieces.join('')}`);

test(`no server reads what is not among the readings, of ${PATHS} paths`, () => {
  let refused = 0;
  fc.assert(
    fc.property(path, (asked) => {
      const readings = readingsOf(asked);
      if (readings === null) refused += 1;
      else for (const [name, server] of Object.entries(SERVERS)) expectAmong(readings, name, server(asked));
    }),
    { numRuns: PATHS },
  );

  // A refusal is safe, and would prove nothing.
  expect(refused).toBeLessThan(PATHS / 500);
}, 600_000);

test('nor does one that stands behind another', () => {
  const named = fc.constantFrom(...Object.keys(SERVERS));
  fc.assert(
    fc.property(path, named, named, (asked, front, behind) => {
      const readings = readingsOf(asked);
      const handedOn = SERVERS[front]!(asked).filter((read) => /^\/[\x21-\x7e]*$/.test(read));
      if (readings) for (const read of handedOn) expectAmong(readings, `${behind} behind ${front}`, SERVERS[behind]!(read));
    }),
    { numRuns: PATHS / 10 },
  );
}, 120_000);

const readingsOf = (asked: string): ReadonlySet<string> | null => {
  try {
    return pathReadings(asked);
  } catch (error) {
    if (error instanceof SallyportError && error.code === 'ERR_REQUEST_INVALID') return null;
    throw error;
  }
};

const expectAmong = (readings: ReadonlySet<string>, who: string, read: readonly string[]): void => {
  for (const one of read) if (!readings.has(compared(one))) throw new Error(`${who} reads ${JSON.stringify(one)}`);
};
