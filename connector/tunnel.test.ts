import { EventEmitter } from 'node:events';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { FrameKey } from '../protocol/codec.ts';
import { connectorSide } from '../protocol/frame-keys.ts';
import { HEARTBEAT_MS, PROBE_DEADLINE_MS, PROBE_MS } from '../protocol/limits.ts';
import { createLog } from '../protocol/log.ts';
import type { OriginReport, WelcomeSecrets } from '../protocol/tunnel-messages.ts';
import type { Identity } from './identity.ts';
import { ServiceClock } from './service-clock.ts';
import { createIdentity, FRAME_KEY, sealWelcome } from './testing/fake-service.ts';
import { ManualClock, settled } from './testing/manual-clock.ts';
import { Tunnel, type TunnelSocket } from './tunnel.ts';
import { openWelcome, type Welcome } from './welcome.ts';

let identity: Identity;
beforeAll(async () => {
  identity = await createIdentity();
});

class PlayedSocket extends EventEmitter implements TunnelSocket {
  readonly sent: Array<{ type: string }> = [];
  /** Welcomes that are being opened: the crypto's own threads take their time. */
  readonly opening: Array<Promise<unknown>> = [];
  pings = 0;
  terminated = false;
  send = (text: string) => void this.sent.push(JSON.parse(text));
  ping = () => {
    this.pings += 1;
  };
  close = (code: number, reason: string) => void this.emit('close', code, Buffer.from(reason));
  terminate = () => {
    this.terminated = true;
  };
  hears = async (message: unknown) => {
    this.emit('message', Buffer.from(typeof message === 'string' ? message : JSON.stringify(message)), false);
    await settled();
    await Promise.all(this.opening);
    await settled();
  };
  types = (type: string) => this.sent.filter((message) => message.type === type).length;
}

const start = () => {
  const clock = new ManualClock();
  const socket = new PlayedSocket();
  const lines: string[] = [];
  const welcomes: Welcome[] = [];
  const frames: string[] = [];
  const keys: FrameKey[] = [];
  const serviceClock = new ServiceClock(clock);
  /** What is to be told of origins, and what the service has. */
  const told = { due: null as readonly OriginReport[] | null, delivered: [] as unknown[] };
  const reports = { heartbeat: () => told.due, due: () => told.due, delivered: (origins: unknown) => void told.delivered.push(origins) };
  const tunnel = new Tunnel(socket, {
    clock,
    serviceClock,
    random: () => 0.5,
    log: createLog({ write: (line) => lines.push(line) }),
    openWelcome: (sealed) => {
      const opening = openWelcome(sealed, identity.sealingKey, identity.connector);
      socket.opening.push(opening.catch(() => {}));
      return opening;
    },
    onWelcome: (welcome) => welcomes.push(welcome),
    onOpen: (connectionId) => frames.push(`open ${connectionId}`),
    onFrame: (text, key) => {
      frames.push(text);
      keys.push(key);
    },
    reports,
  });
  const secrets = (fields: Partial<WelcomeSecrets> = {}): WelcomeSecrets => ({
    connector: identity.connector,
    group: identity.group,
    frameKey: Buffer.from(FRAME_KEY).toString('base64url'),
    replyEndpoint: 'https://reply.example.com/live',
    region: 'eu-central-1',
    credentials: { accessKeyId: 'A', secretAccessKey: 'top-secret', sessionToken: 'T', expiresAt: clock.now() + 3_600_000 },
    applications: [],
    ...fields,
  });
  const welcome = async (fields?: Partial<WelcomeSecrets>, now = clock.now()) =>
    socket.hears({ type: 'welcome', now, connectionId: 'tunnel-1', sealed: await sealWelcome(secrets(fields), identity.sealingKey) });
  return { clock, socket, lines, welcomes, frames, keys, serviceClock, tunnel, welcome, told };
};

describe('a tunnel', () => {
  test('says hello, is welcomed, and has its secrets opened', async () => {
    const { socket, tunnel, welcome, welcomes } = start();

    await welcome();

    expect(await tunnel.welcomed).toBe('tunnel-1');
    expect(socket.sent[0]).toEqual({ type: 'hello', version: expect.any(String), keysApart: true });
    expect(welcomes[0]!.frameKey).toEqual(FRAME_KEY);
  });

  test.each([
    ['an older service', undefined, FRAME_KEY],
    ['a service that knows a key for each direction', true as const, connectorSide(FRAME_KEY)],
  ])('of %s has its keys for life, whatever a later welcome says', async (_, keysApart, key) => {
    const { clock, socket, tunnel, welcome, keys } = start();
    const other = new Uint8Array(32).fill(9);

    await welcome({ keysApart });
    await socket.hears('{"type":"request"}\n\nseal');
    clock.jump(10_000);
    tunnel.renew();
    await clock.pass(0);
    await welcome({ keysApart: keysApart ? undefined : true, frameKey: Buffer.from(other).toString('base64url') });
    await socket.hears('{"type":"request"}\n\nseal');

    const hellos = socket.sent.filter(({ type }) => type === 'hello');
    expect(hellos).toMatchObject([{ keysApart: true }, keysApart ? { keysApart } : {}]);
    expect('keysApart' in hellos[1]!).toBe(keysApart === true);
    expect(keys).toEqual([key, keysApart ? connectorSide(other) : other]);
  });

  test('hands on frames that came before the welcome, after it', async () => {
    const { socket, frames, welcome } = start();

    await socket.hears('{"type":"request"}\n\nseal');
    expect(frames).toEqual([]);
    await welcome();

    expect(frames).toEqual(['open tunnel-1', '{"type":"request"}\n\nseal']);
  });

  test('says that it lives once a minute', async () => {
    const { clock, socket, welcome } = start();
    await welcome();

    for (let second = 0; second < 180; second += 1) {
      await clock.pass(1000);
      socket.emit('pong');
    }

    expect(socket.types('heartbeat')).toBe((180_000 / HEARTBEAT_MS) | 0);
    expect(socket.types('probe')).toBe(0);
  });

  test('tells of origins with a heartbeat, sooner where it is asked to, and not more often than every ten seconds', async () => {
    const { clock, socket, tunnel, welcome, told } = start();
    await welcome();
    const beats = () => socket.sent.filter(({ type }) => type === 'heartbeat');
    const origins = [{ origin: 'http://wiki.corp', at: 1 }];
    const pass = async (seconds: number) => {
      for (let second = 0; second < seconds; second += 1) {
        await clock.pass(1000);
        socket.emit('pong');
      }
    };
    await pass(HEARTBEAT_MS / 1000);
    told.due = origins;
    tunnel.report();
    tunnel.report();
    await pass(9);
    const before = beats();

    await pass(1);
    await socket.hears({ type: 'alive', now: clock.now() });
    told.due = null;
    tunnel.report();
    await pass(30);

    expect(before).toEqual([{ type: 'heartbeat' }]);
    expect(beats()).toEqual([{ type: 'heartbeat' }, { type: 'heartbeat', origins }]);
    expect(told.delivered).toEqual([origins]);
  });

  test('tells what is known of origins soon after it is welcomed, though nobody asks', async () => {
    const { clock, socket, welcome, told } = start();
    await welcome();
    told.due = [{ origin: 'http://wiki.corp', at: 1 }];

    await clock.pass(1_000);

    expect(socket.sent.at(-1)).toEqual({ type: 'heartbeat', origins: told.due });
  });

  test('learns the service’s time from the welcome and from each heartbeat', async () => {
    const { clock, socket, serviceClock, welcome } = start();

    await welcome({}, clock.now() - 20_000);
    const behind = serviceClock.aheadMs();
    await socket.hears({ type: 'alive', now: clock.now() + 5_000 });

    expect(behind).toBe(20_000);
    expect(serviceClock.aheadMs()).toBe(-5_000);
  });

  test('does not believe a time that is further off than a connector’s clock may be', async () => {
    const { clock, socket, serviceClock, welcome } = start();
    await welcome({}, clock.now() + 1_000);

    await socket.hears({ type: 'alive', now: clock.now() - 3_600_000 });

    expect(serviceClock.aheadMs()).toBe(-1_000);
  });

  test('is probed with messages where pings are never answered', async () => {
    const { clock, socket, tunnel, welcome } = start();
    await welcome();

    for (let round = 0; round < 10; round += 1) {
      await clock.pass(PROBE_MS);
      await socket.hears({ type: 'echo' });
    }

    expect(socket.pings).toBe(1);
    expect(socket.types('probe')).toBeGreaterThanOrEqual(9);
    expect(tunnel.open).toBe(true);
  });

  test('is ended when nothing comes within 9 s, and at once for us', async () => {
    const { clock, socket, tunnel, welcome } = start();
    await welcome();
    socket.emit('pong');

    await clock.pass(PROBE_DEADLINE_MS - 1);
    expect(tunnel.open).toBe(true);
    await clock.pass(1);

    expect(tunnel.open).toBe(false);
    expect(socket.terminated).toBe(true);
    expect(await tunnel.closed).toMatchObject({ code: 'ERR_SERVICE_UNREACHABLE', message: expect.stringContaining('dead') });
    expect(clock.pending).toBe(0);
  });

  test('lives on when it was this process that was held up', async () => {
    const { clock, socket, tunnel, welcome } = start();
    await welcome();
    socket.emit('pong');

    clock.jump(60_000);
    await clock.pass(0);
    expect(tunnel.open).toBe(true);
    socket.emit('pong');
    await clock.pass(PROBE_MS);

    expect(tunnel.open).toBe(true);
  });

  test('asks for fresh credentials well before they expire, and again until it gets them', async () => {
    const { clock, socket, welcome, welcomes } = start();
    await welcome();
    const alive = async (seconds: number) => {
      for (let second = 0; second < seconds; second += 1) {
        await clock.pass(1000);
        socket.emit('pong');
      }
    };

    await alive(2_519);
    expect(socket.types('hello')).toBe(1);
    await alive(2);
    expect(socket.types('hello')).toBe(2);
    await alive(30);
    expect(socket.types('hello')).toBe(3);
    await welcome();
    await alive(60);

    expect(socket.types('hello')).toBe(3);
    expect(welcomes).toHaveLength(2);
  });

  test('asks for fresh credentials when those at hand are refused, but not in a storm', async () => {
    const { clock, socket, tunnel, welcome } = start();
    await welcome();
    await clock.pass(8_000);

    for (let refusal = 0; refusal < 50; refusal += 1) tunnel.renew();
    await clock.pass(2_000);
    tunnel.renew();
    await clock.pass(1_000);

    expect(socket.types('hello')).toBe(2);
  });

  test('says hello again when the platform failed at the first', async () => {
    const { clock, socket, tunnel, welcome } = start();

    await socket.hears({ message: 'Internal server error', connectionId: 'x', requestId: 'y' });
    await clock.pass(1_000);
    await welcome();

    expect(socket.types('hello')).toBe(2);
    expect(tunnel.open).toBe(true);
  });

  test('is given up when no welcome comes', async () => {
    const { clock, socket, tunnel } = start();

    for (let second = 0; second < 15; second += 1) {
      await clock.pass(1000);
      socket.emit('pong');
    }

    await expect(tunnel.welcomed).rejects.toMatchObject({ code: 'ERR_SERVICE_UNREACHABLE' });
    expect(socket.terminated).toBe(true);
  });

  test.each(['ERR_CONNECTOR_UNKNOWN', 'ERR_STORE_UNAVAILABLE'])('fails with the code with which hello was refused: %s', async (code) => {
    const { socket, tunnel } = start();

    await socket.hears({ type: 'refused', code, message: 'no' });

    await expect(tunnel.welcomed).rejects.toMatchObject({ code });
  });

  test('ends when a heartbeat learns that the connector was removed, but not for a passing fault', async () => {
    const { socket, tunnel, welcome } = start();
    await welcome();

    await socket.hears({ type: 'refused', code: 'ERR_STORE_UNAVAILABLE', message: 'throttled' });
    expect(tunnel.open).toBe(true);
    await socket.hears({ type: 'refused', code: 'ERR_CONNECTOR_UNKNOWN', message: 'removed' });

    expect(await tunnel.closed).toMatchObject({ code: 'ERR_CONNECTOR_UNKNOWN' });
  });

  test('survives what is no message', async () => {
    const { socket, tunnel, welcome } = start();
    await welcome();

    for (const text of ['{', '{"type":5}', '{}', '[{}', '{"type":"welcome"}']) await socket.hears(text);

    expect(tunnel.open).toBe(true);
  });

  test('drains when the registry has heard, or does not answer in time', async () => {
    const { clock, socket, tunnel, welcome } = start();
    await welcome();

    const heard = tunnel.drain();
    await socket.hears({ type: 'drained' });
    await heard;
    const other = start();
    await other.welcome();
    const unanswered = other.tunnel.drain();
    await other.clock.pass(3_000);
    await unanswered;

    expect(socket.types('drain')).toBe(1);
    expect(other.socket.types('drain')).toBe(1);
    expect(clock.now()).toBeLessThan(other.clock.now());
  });

  test('that API Gateway ends by its own rules has ended in an orderly way', async () => {
    const { socket, tunnel, welcome } = start();
    await welcome();

    socket.emit('close', 1001, Buffer.from('Going away'));

    expect(await tunnel.closed).toBeNull();
  });
});

describe('a welcome is refused', () => {
  test.each<[string, Partial<WelcomeSecrets>, string]>([
    ['that is for another connector', { connector: 'connector-2' }, 'ERR_FRAME_FORGED'],
    ['whose frame key is too short', { frameKey: 'AAAA' }, 'ERR_FRAME_INVALID'],
    ['whose Reply API is without TLS', { replyEndpoint: 'http://reply.example.com/' }, 'ERR_FRAME_INVALID'],
    ['that lacks something', { region: '' }, 'ERR_FRAME_INVALID'],
  ])('%s', async (_, fields, code) => {
    const { tunnel, welcome, lines } = start();

    await welcome(fields);

    await expect(tunnel.welcomed).rejects.toMatchObject({ code });
    expect(lines.join('')).not.toContain('top-secret');
  });

  test('that is sealed to another key', async () => {
    const { socket, tunnel } = start();
    const other = await createIdentity();
    const sealed = await sealWelcome({} as WelcomeSecrets, other.sealingKey);

    await socket.hears({ type: 'welcome', now: 1, connectionId: 'x', sealed });

    await expect(tunnel.welcomed).rejects.toMatchObject({ code: 'ERR_FRAME_INVALID' });
  });
});
