import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { beforeEach, expect, test } from '@jest/globals';
import { createLog } from '../../protocol/log.ts';
import { ManualClock, settled } from '../testing/manual-clock.ts';
import { HelperProcess } from './helper-process.ts';
import type { HelperAnswer, HelperRequest } from './messages.ts';

/** A helper that a test plays. */
class FakeChild extends EventEmitter {
  readonly stderr = new EventEmitter();
  readonly heard: HelperRequest[] = [];
  readonly signals: string[] = [];
  connected = true;
  pid = 1;

  send(request: HelperRequest): boolean {
    this.heard.push(request);
    return true;
  }

  kill(signal: string): boolean {
    this.signals.push(signal);
    return true;
  }

  disconnect(): void {
    this.connected = false;
  }

  answer(answer: object): void {
    const { id } = this.heard.findLast((request) => 'id' in request) as { id: number };
    this.emit('message', { id, ...answer } as HelperAnswer);
  }

  end(words = ''): void {
    this.connected = false;
    if (words) this.stderr.emit('data', Buffer.from(words));
    this.emit('close', null, 'SIGKILL');
  }
}

const ASK = {
  account: { principal: 'svc@CORP.EXAMPLE', store: {} },
  user: 'alice@CORP.EXAMPLE',
  form: 'principal',
  target: 'HTTP/app@CORP.EXAMPLE',
  stale: null,
} as const;
const NEGOTIATED = { negotiated: { token: 'dG9rZW4=', ticket: 1, cached: false } };

let clock: ManualClock;
let children: FakeChild[];
let helper: HelperProcess;

beforeEach(() => {
  clock = new ManualClock();
  children = [];
  helper = new HelperProcess({
    start: () => {
      const child = new FakeChild();
      children.push(child);
      return child as unknown as ChildProcess;
    },
    clock,
    deadlineMs: 1_000,
    log: createLog({ write: () => undefined }),
  });
});

const failing = (promise: Promise<unknown>) =>
  promise.then(
    () => 'none',
    (error: Error) => error.message,
  );

test('nothing is started before the first negotiation, and one process serves all', async () => {
  expect(children).toHaveLength(0);
  for (let round = 0; round < 3; round += 1) {
    const negotiation = helper.negotiate(ASK);
    children[0]!.answer(NEGOTIATED);
    expect(await negotiation).toMatchObject({ token: 'dG9rZW4=' });
  }
  expect(children).toHaveLength(1);
});

test('a negotiation that takes too long is given up, the helper is told, and one that is alive goes on', async () => {
  const failed = failing(helper.negotiate(ASK));

  await clock.pass(1_000);
  children[0]!.answer({ alive: true });
  await clock.pass(60_000);

  expect(await failed).toContain('No domain controller answered within 1000 ms');
  expect(children[0]!.heard.map(({ op }) => op)).toEqual(['negotiate', 'ping', 'close']);
  expect(children[0]!.signals).toEqual([]);
});

/** One that has shown that it works: its death is no reason to wait before another is started. */
const working = async (): Promise<FakeChild> => {
  const negotiation = helper.negotiate(ASK);
  const child = children.at(-1)!;
  child.answer(NEGOTIATED);
  (await negotiation).close();
  return child;
};

test('one that does not answer a ping either is killed, and the next negotiation starts another', async () => {
  const child = await working();
  const failed = failing(helper.negotiate(ASK));
  await clock.pass(1_000 + 5_000);
  const killed = [...child.signals];
  child.end();
  await failed;

  const negotiation = helper.negotiate(ASK);
  children[1]!.answer(NEGOTIATED);

  expect(killed).toEqual(['SIGKILL']);
  expect(await negotiation).toMatchObject({ ticket: 1 });
});

test('what is under way when it dies is asked anew, once', async () => {
  const child = await working();
  const [first, second] = [helper.negotiate(ASK), failing(helper.negotiate(ASK))];
  child.end();
  await settled();
  const asked = children[1]!.heard.map((request) => (request as { id: number }).id);
  children[1]!.emit('message', { id: asked[0], ...NEGOTIATED });

  expect(await first).toMatchObject({ ticket: 1 });
  children[1]!.end('out of memory');
  expect(await second).toContain('out of memory');
  expect(children).toHaveLength(2);
});

test('one that dies before it has answered anything is not started again and again; its last words are told', async () => {
  const failed = failing(helper.negotiate(ASK));
  children[0]!.end('libgssapi_krb5.so.2: cannot open shared object file');

  const again = failing(helper.negotiate(ASK));
  await clock.pass(5_000);
  const later = helper.negotiate(ASK);
  children[1]!.answer(NEGOTIATED);

  expect(await failed).toContain('cannot open shared object file');
  expect(await again).toContain('cannot open shared object file');
  expect(await later).toMatchObject({ ticket: 1 });
  expect(children).toHaveLength(2);
});

test('when it is replaced, what waits is asked anew, and what is open ends where it began before the old one goes', async () => {
  const child = await working();
  const opening = helper.negotiate(ASK);
  child.answer(NEGOTIATED);
  const open = await opening;
  const waiting = helper.negotiate(ASK);

  helper.replace();
  await settled();
  children[1]!.answer({ negotiated: { token: 'bmV3', ticket: 9, cached: false } });
  const verifying = open.verify('cHJvb2Y=');
  const stillThere = child.connected;
  child.answer({ verified: { mutual: true } });

  expect(await waiting).toMatchObject({ ticket: 9 });
  expect(await verifying).toEqual({ mutual: true });
  expect([stillThere, child.connected]).toEqual([true, false]);
});

test('it ends with the connector', async () => {
  const child = await working();

  helper.close();

  expect(child.connected).toBe(false);
  expect(helper.pid).toBeNull();
});
