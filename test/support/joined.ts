// Router and connector, both as they are, joined in memory: tunnels and the Reply API are a network that may lose, double and reorder
// their frames, the origin is what a test says, and time passes when a test lets it.
import { parseAllowedOrigin } from '../../connector/allowlist.ts';
import { Exchanges } from '../../connector/exchanges.ts';
import { Ledger } from '../../connector/ledger.ts';
import type { CallOrigin, Post } from '../../connector/ports.ts';
import { ServiceClock } from '../../connector/service-clock.ts';
import { Sockets } from '../../connector/sockets.ts';
import { createRig } from '../../lambdas/router/testing/rig.ts';
import { encode } from '../../protocol/codec.ts';
import { createLog } from '../../protocol/log.ts';

export interface Network {
  /** Shares (0–1) of frames lost, doubled, and overtaken, both ways. */
  readonly drop: number;
  readonly duplicate: number;
  readonly reorder: number;
}

export const CALM: Network = { drop: 0, duplicate: 0, reorder: 0 };

/** The same faults for the same seed (xorshift). */
export const seeded = (seed: number) => {
  let state = seed * 2_654_435_761 + 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
};

export const join = (callOrigin: CallOrigin, { network = CALM, seed = 1 }: { network?: Network; seed?: number } = {}) => {
  const rig = createRig();
  const random = seeded(seed);
  const clock = { now: rig.clock.now, monotonic: rig.clock.now, after: rig.clock.after };

  const across = (deliver: () => void): void => {
    if (random() < network.drop) return;
    for (let copies = random() < network.duplicate ? 2 : 1; copies > 0; copies -= 1) {
      if (random() < network.reorder) rig.clock.after(1 + random() * 40, deliver);
      else setImmediate(deliver);
    }
  };
  const post: Post = async (text, replyTo) => {
    if (!rig.replyApi.connections().includes(replyTo)) return 'gone';
    across(() => rig.replyApi.post(replyTo, text));
    return 'delivered';
  };
  const ledger = new Ledger(256 * 1024 * 1024);
  const log = createLog({ write: () => undefined });
  const exchanges = new Exchanges({
    clock,
    serviceClock: new ServiceClock(clock),
    post,
    sockets: new Sockets({ clock, post, ledger, log, limit: 100 }),
    callOrigin,
    settle: (callback) => setImmediate(() => setImmediate(callback)),
    allowlist: [parseAllowedOrigin('http://wiki.internal:8080')],
    ledger,
    limit: 100,
    log,
    tried: () => undefined,
    count: () => undefined,
  });
  const key = rig.keyOf('connector-a');
  exchanges.use('connector-a');
  const openTunnel = (connectionId: string): void => {
    exchanges.moved(connectionId);
    rig.behaviours.set(connectionId, ({ frame, payload }) => across(() => exchanges.receive(encode(frame, key, payload), key)));
  };
  openTunnel('tunnel-a=');

  const finish = async (asked: Awaited<ReturnType<typeof rig.ask>>, limitMs = 120_000) => {
    for (let passed = 0; passed < limitMs && !asked.finished(); passed += 50) await rig.clock.advance(50);
    return asked;
  };
  return { rig, exchanges, openTunnel, finish };
};
