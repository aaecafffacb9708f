// HTTP carried faithfully: each request of a large corpus is sent to an origin directly and through the whole path. What the origin
// saw and what the user's program got must be equal byte for byte, but for the named rules (support/faithful/rules.ts, docs/limits.md).
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { byHand } from '../support/faithful/by-hand.ts';
import { CASE_FIELD, type Case, type Planned, requestBytes } from '../support/faithful/case.ts';
import { compareCase } from '../support/faithful/compare.ts';
import { generated } from '../support/faithful/generated.ts';
import type { Field } from '../support/faithful/message.ts';
import { RawClient } from '../support/faithful/raw-client.ts';
import { type RecordingOrigin, startRecordingOrigin } from '../support/faithful/recording-origin.ts';
import { RULES } from '../support/faithful/rules.ts';
import { sessionCookie } from '../support/user.ts';
import { startWorld, type World } from '../support/world.ts';

/** Change it to look elsewhere; a failure prints it with the case that it shrank to. */
const SEED = 20_261_124;
const LANES = 6;

const used = new Set<string>();
let requests = 0;

/** A world with the recording origin published, and the origin once more beside it. */
const startPaths = async (lengths: 'kept' | 'renamed', ...options: string[]) => {
  const plans = new Map<string, Planned>();
  const behind: RecordingOrigin = await startRecordingOrigin(plans);
  const beside: RecordingOrigin = await startRecordingOrigin(plans);
  const internal = `http://127.0.0.1:${behind.port}/`;
  const world: World = await startWorld('--publish', `faithful=${internal}`, '--lengths', lengths, ...options);
  const session = await sessionCookie(world, 'bob', 'faithful');
  const { host: authority, port } = new URL(world.url('faithful'));

  /** Two connections for one case at a time. */
  const openLane = () => {
    const direct = new RawClient(beside.port);
    const through = new RawClient(Number(port));

    const run = async (one: Case): Promise<void> => {
      requests += 1;
      const id = String(requests);
      plans.set(id, one.planned);
      const { method } = one.sent;
      const fields: Field[] = [
        ...(one.sent.fields.some(([name]) => name === 'Host') ? [] : [['Host', authority] as const]),
        [CASE_FIELD, id],
        ...one.sent.fields,
      ];
      const sent = { ...one.sent, fields };
      try {
        const got = await through.ask(method, requestBytes({ ...sent, fields: withSession(fields, session, requests) }));
        const place = { sent, planned: one.planned, authority, lengths };
        const { differences, used: rules } = await compareCase(place, { seen: behind.take(id), got }, async () => {
          const directly = await direct.ask(method, requestBytes(sent));
          return { seen: beside.take(id), got: directly };
        });
        for (const rule of rules) used.add(rule);
        if (differences.length > 0)
          throw new Error(`${differences.join('\n')}\nsent: ${JSON.stringify(requestBytes(sent).toString('latin1').slice(0, 2_000))}`);
      } finally {
        plans.delete(id);
      }
    };
    return {
      run,
      close: () => {
        direct.close();
        through.close();
      },
    };
  };
  return {
    internal,
    authority,
    openLane,
    dispose: async () => {
      await world.dispose();
      await Promise.all([behind.dispose(), beside.dispose()]);
    },
  };
};
type Paths = Awaited<ReturnType<typeof startPaths>>;

/** The session wherever a browser may put it: before the other cookies, behind them, among them. */
const withSession = (fields: readonly Field[], session: string, turn: number): Field[] => {
  const cookie: Field = ['Cookie', session];
  const at = fields.findIndex(([name]) => name === 'Cookie');
  if (turn % 3 === 0) return [cookie, ...fields];
  if (turn % 3 === 1 || at < 0) return [...fields, cookie];
  return fields.with(at, ['Cookie', `${session}; ${fields[at]![1]}`]);
};

/** Sends so many generated cases over several connections at once. */
const sendGenerated = async (paths: Paths, count: number, seed: number): Promise<void> => {
  const lanes = Array.from({ length: LANES }, async (_, lane) => {
    const { run, close } = paths.openLane();
    const property = fc.asyncProperty(generated, run);
    const details = await fc.check(property, { seed: seed + lane, numRuns: Math.ceil(count / LANES) });
    close();
    return details;
  });
  const failed = (await Promise.all(lanes)).find((details) => details.failed);
  if (failed) throw new Error(`${fc.defaultReportMessage(failed)}\n\n${failed.errorInstance}`);
};

describe('each function an environment that runs on', () => {
  let paths: Paths;
  beforeAll(async () => {
    paths = await startPaths('kept', '--lambda', 'quick');
  }, 120_000);
  afterAll(() => paths?.dispose(), 30_000);

  test('cases that were written by hand', async () => {
    const lane = paths.openLane();
    const failures: string[] = [];
    for (const [title, one] of byHand(paths.internal, paths.authority)) {
      await lane.run(one).catch((error: Error) => failures.push(`${title}: ${error.message}`));
    }
    lane.close();

    expect(failures).toEqual([]);
  }, 120_000);

  test(`5,000 generated cases (seed ${SEED})`, async () => {
    const before = requests;

    await sendGenerated(paths, 5_000, SEED);

    expect(requests - before).toBeGreaterThanOrEqual(5_000);
  }, 600_000);
});

describe('each function a process that is stopped between requests, its messages doubled and overtaken', () => {
  let paths: Paths;
  beforeAll(async () => {
    paths = await startPaths('renamed', '--lambda', 'faithful', '--faults', 'duplicate=0.05,reorder=0.1');
  }, 120_000);
  afterAll(() => paths?.dispose(), 30_000);

  test(`300 generated cases (seed ${SEED + 1_000})`, async () => {
    const before = requests;

    await sendGenerated(paths, 300, SEED + 1_000);

    expect(requests - before).toBeGreaterThanOrEqual(300);
  }, 300_000);
});

test('every rule was needed: one that is not is to be deleted', () => {
  expect(RULES.map(({ name }) => name).filter((name) => !used.has(name))).toEqual([]);
});
