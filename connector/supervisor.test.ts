import { describe, expect, test } from '@jest/globals';
import { type ErrorCode, SallyportError } from '../protocol/errors.ts';
import { REQUEST_LIFETIME_MS, SOCKET_MAX_AGE_MS } from '../protocol/limits.ts';
import { createLog } from '../protocol/log.ts';
import { withResolvers } from './clock.ts';
import { REMEMBERED_MS, Supervisor } from './supervisor.ts';
import { ManualClock, settled } from './testing/manual-clock.ts';
import type { Tunnel } from './tunnel.ts';

const createTunnel = (name: string) => {
  const closed = withResolvers<SallyportError | null>();
  const played = {
    welcomed: Promise.resolve(name),
    closed: closed.promise,
    open: true,
    drains: 0,
    renewals: 0,
    end: (error: SallyportError | null = null) => {
      played.open = false;
      closed.resolve(error);
    },
    close: () => played.end(),
    others: false,
    drain: async () => {
      played.drains += 1;
      return played.others;
    },
    renew: () => {
      played.renewals += 1;
    },
  };
  return played;
};

interface Played {
  readonly random?: number;
  readonly exitAfterMs?: number;
  readonly running?: number;
  readonly refuse?: ErrorCode | null;
}

const start = ({ random = 0.5, exitAfterMs = 900_000, running = 0, refuse = null }: Played = {}) => {
  const exchanges = { running };
  const clock = new ManualClock();
  const tunnels: Array<ReturnType<typeof createTunnel>> = [];
  const dialledAt: number[] = [];
  const events: string[] = [];
  const idle = withResolvers<void>();
  const bench = {
    clock,
    tunnels,
    dialledAt,
    events,
    idle,
    exchanges,
    drained: false,
    refuse,
    end: null as unknown,
    supervisor: new Supervisor({
      dial: async () => {
        dialledAt.push(clock.monotonic());
        if (bench.refuse) throw new SallyportError(bench.refuse, 'refused');
        const tunnel = createTunnel(`tunnel-${tunnels.length + 1}`);
        tunnels.push(tunnel);
        return tunnel as unknown as Tunnel;
      },
      exchanges: {
        get running() {
          return exchanges.running;
        },
        drain: () => {
          bench.drained = true;
        },
        whenIdle: () => (exchanges.running === 0 ? Promise.resolve() : idle.promise),
      },
      clock,
      random: () => random,
      log: createLog({ write: (line) => events.push(JSON.parse(line).event) }),
      drainMs: 30_000,
      exitAfterMs,
    }),
  };
  void bench.supervisor.run().then(
    () => {
      bench.end = 'done';
    },
    (error: unknown) => {
      bench.end = error;
    },
  );
  return bench;
};

describe('the supervisor', () => {
  test('is ready while a tunnel is open', async () => {
    const bench = start();
    expect(bench.supervisor.ready).toBe(false);

    await settled();
    const ready = bench.supervisor.ready;
    bench.tunnels[0]!.end();
    await settled();

    expect(ready).toBe(true);
    expect(bench.supervisor.ready).toBe(false);
  });

  test('dials again with full jitter, ever longer, up to a minute', async () => {
    const bench = start({ random: 0.999999, exitAfterMs: 0, refuse: 'ERR_SERVICE_UNREACHABLE' });

    await bench.clock.pass(400_000);

    const waits = bench.dialledAt.slice(1).map((at, index) => Math.round((at - bench.dialledAt[index]!) / 1000));
    expect(waits.slice(0, 9)).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
  });

  test('does not wait when chance says so', async () => {
    const bench = start({ random: 0 });
    await settled();

    bench.tunnels[0]!.end(new SallyportError('ERR_SERVICE_UNREACHABLE', 'dead'));
    await bench.clock.pass(0);

    expect(bench.tunnels).toHaveLength(2);
  });

  test('begins its waits anew only after a tunnel that lasted', async () => {
    const bench = start({ random: 0.999999 });
    await settled();

    bench.tunnels[0]!.end();
    await bench.clock.pass(1_000);
    bench.tunnels[1]!.end();
    await bench.clock.pass(1_500);
    expect(bench.tunnels).toHaveLength(2);
    await bench.clock.pass(500);
    expect(bench.tunnels).toHaveLength(3);
    await bench.clock.pass(30_000);
    bench.tunnels[2]!.end();
    await bench.clock.pass(1_000);

    expect(bench.tunnels).toHaveLength(4);
  });

  test('opens the next tunnel before the last must end, and only then retires that', async () => {
    const bench = start({ random: 0.5 });
    await settled();

    await bench.clock.pass(SOCKET_MAX_AGE_MS - 300_000 - 1);
    expect(bench.tunnels).toHaveLength(1);
    await bench.clock.pass(1);
    expect(bench.tunnels).toHaveLength(2);
    expect(bench.tunnels[0]).toMatchObject({ open: true, drains: 1 });
    expect(bench.supervisor.tunnels).toBe(2);
    await bench.clock.pass(REQUEST_LIFETIME_MS);

    expect(bench.tunnels[0]!.open).toBe(false);
    expect(bench.tunnels[1]).toMatchObject({ open: true, drains: 0 });
  });

  test('keeps the last tunnel while the next cannot be opened', async () => {
    const bench = start({ random: 0.5 });
    await settled();
    bench.refuse = 'ERR_SERVICE_UNREACHABLE';

    await bench.clock.pass(SOCKET_MAX_AGE_MS - 300_000 + 60_000);
    expect(bench.tunnels[0]).toMatchObject({ open: true, drains: 0 });
    bench.refuse = null;
    await bench.clock.pass(60_000);

    expect(bench.tunnels[0]).toMatchObject({ open: false, drains: 1 });
    expect(bench.tunnels[1]!.open).toBe(true);
  });

  test.each<ErrorCode>(['ERR_CONNECTOR_UNKNOWN', 'ERR_PROTOCOL_VERSION'])('ends at once on %s before the first tunnel', async (code) => {
    const clock = new ManualClock();
    const supervisor = new Supervisor({
      dial: () => Promise.reject(new SallyportError(code)),
      exchanges: { running: 0, drain: () => {}, whenIdle: async () => {} },
      clock,
      random: () => 0.5,
      log: createLog({ write: () => {} }),
      drainMs: 1,
      exitAfterMs: 900_000,
    });

    await expect(supervisor.run()).rejects.toMatchObject({ code });
    expect(clock.pending).toBe(0);
  });

  test('goes on trying, slowly, when it is refused after it was accepted', async () => {
    const bench = start({ random: 0.5 });
    await settled();
    bench.refuse = 'ERR_CONNECTOR_UNKNOWN';
    bench.tunnels[0]!.end();

    await bench.clock.pass(200_000);
    expect(bench.dialledAt.length).toBeLessThanOrEqual(6);
    expect(bench.end).toBeNull();
    bench.refuse = null;
    await bench.clock.pass(45_000);

    expect(bench.supervisor.ready).toBe(true);
  });

  test('goes on trying while the clock is wrong: NTP may yet set it', async () => {
    const bench = start({ refuse: 'ERR_CONNECTOR_CLOCK' });

    await bench.clock.pass(60_000);
    bench.refuse = null;
    await bench.clock.pass(60_000);

    expect(bench.supervisor.ready).toBe(true);
  });

  test('gives up after long enough without a tunnel, naming the last reason', async () => {
    const bench = start({ exitAfterMs: 120_000 });
    await settled();
    bench.refuse = 'ERR_SERVICE_UNREACHABLE';

    await bench.clock.pass(500_000);
    expect(bench.end).toBeNull();
    bench.tunnels[0]!.end();
    await bench.clock.pass(120_001);

    expect(bench.end).toMatchObject({ code: 'ERR_SERVICE_UNREACHABLE', message: expect.stringContaining('refused') });
    expect(bench.clock.pending).toBe(0);
  });

  test('asks for fresh secrets over the tunnel that is open', async () => {
    const bench = start();
    await settled();

    bench.supervisor.renew();

    expect(bench.tunnels[0]!.renewals).toBe(1);
  });
});

describe('stopped', () => {
  test('it drains, lets running exchanges end, and closes the tunnel', async () => {
    const bench = start({ running: 1 });
    await settled();

    bench.supervisor.stop();
    await settled();
    expect(bench).toMatchObject({ drained: true, end: null });
    expect(bench.supervisor.ready).toBe(false);
    expect(bench.tunnels[0]).toMatchObject({ open: true, drains: 1 });
    bench.exchanges.running = 0;
    bench.idle.resolve();
    await settled();

    expect(bench.end).toBe('done');
    expect(bench.tunnels[0]!.open).toBe(false);
    expect(bench.clock.pending).toBe(0);
  });

  test('it keeps its tunnel for as long as a router may remember it, where another connector is left', async () => {
    const bench = start();
    await settled();
    bench.tunnels[0]!.others = true;

    bench.supervisor.stop();
    await bench.clock.pass(REMEMBERED_MS - 1);
    const before = bench.tunnels[0]!.open;
    await bench.clock.pass(1);

    expect([before, bench.tunnels[0]!.open, bench.end]).toEqual([true, false, 'done']);
    expect(bench.clock.pending).toBe(0);
  });

  test('it ends when those are refused that came while its tunnel closed', async () => {
    const bench = start();
    await settled();
    const tunnel = bench.tunnels[0]!;
    tunnel.close = () => {
      bench.exchanges.running = 1;
      tunnel.end();
    };

    bench.supervisor.stop();
    await settled();
    const before = bench.end;
    bench.exchanges.running = 0;
    bench.idle.resolve();
    await settled();

    expect([before, bench.end]).toEqual([null, 'done']);
    expect(bench.clock.pending).toBe(0);
  });

  test('it waits no longer than its limit', async () => {
    const bench = start({ running: 1 });
    await settled();

    bench.supervisor.stop();
    await bench.clock.pass(30_000);

    expect(bench.end).toBe('done');
    expect(bench.events).toContain('connector.cut');
  });

  test('it does not wait for the next attempt to dial', async () => {
    const bench = start({ random: 0.9, refuse: 'ERR_SERVICE_UNREACHABLE' });
    await bench.clock.pass(10_000);

    bench.supervisor.stop();
    await settled();

    expect(bench.end).toBe('done');
    expect(bench.clock.pending).toBe(0);
  });

  test('it closes a tunnel that opens too late', async () => {
    const clock = new ManualClock();
    const dialling = withResolvers<Tunnel>();
    const late = createTunnel('late');
    const supervisor = new Supervisor({
      dial: () => dialling.promise,
      exchanges: { running: 0, drain: () => {}, whenIdle: async () => {} },
      clock,
      random: () => 0.5,
      log: createLog({ write: () => {} }),
      drainMs: 1,
      exitAfterMs: 0,
    });
    const run = supervisor.run();
    await settled();

    supervisor.stop();
    await run;
    dialling.resolve(late as unknown as Tunnel);
    await settled();

    expect(late.open).toBe(false);
  });
});
