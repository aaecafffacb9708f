// What a connector tells of the origins of its group, and when: `sallyport status` shows it.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type ErrorCode, SallyportError } from '../protocol/errors.ts';
import { CLIENT_FRAME_MAX_BYTES, ORIGIN_REPORT_MS, ORIGIN_REPORTS_MAX } from '../protocol/limits.ts';
import { parseAllowedOrigin } from './allowlist.ts';
import { OriginReports } from './origin-reports.ts';
import { createProbeOrigin, type ProbedOrigin } from './probe-origin.ts';
import { createBench } from './testing/bench.ts';
import { ManualClock, settled } from './testing/manual-clock.ts';
import { createOrigins, serve, serveRaw } from './testing/origins.ts';
import { serveTls } from './testing/serve-tls.ts';

const start = (allow = ['http://wiki.corp', 'http://*.apps.corp']) => {
  // The service's time is known to fractions of a millisecond.
  let now = 1_000_000.25;
  const probes: string[] = [];
  const failing = new Map<string, ErrorCode>();
  let changes = 0;
  const reports = new OriginReports({
    allowlist: allow.map(parseAllowedOrigin),
    probe: async ({ origin }) => {
      probes.push(origin);
      const code = failing.get(origin);
      return code === undefined ? null : new SallyportError(code);
    },
    now: () => now,
    changed: () => {
      changes += 1;
    },
  });
  const use = async (...urls: string[]) => {
    reports.use(urls.map((internalUrl) => ({ name: internalUrl, internalUrl })));
    await settled();
  };
  const pass = (ms: number) => {
    now += ms;
  };
  return { reports, probes, failing, use, changes: () => changes, pass, now: () => Math.round(now) };
};

describe('origins of the group’s applications', () => {
  test('are probed once they are known, each once; what is not allowed is not dialled', async () => {
    const { reports, probes, use, now } = start();

    await use('http://wiki.corp/a/', 'http://wiki.corp/b/', 'https://hr.corp/', 'not a URL');

    expect(probes).toEqual(['http://wiki.corp']);
    expect(reports.due()).toEqual([
      { origin: 'https://hr.corp', at: now(), code: 'ERR_ORIGIN_NOT_ALLOWED', probed: true },
      { origin: 'http://wiki.corp', at: now(), probed: true },
    ]);
  });

  test('are told where something is new, and not again while nothing happens', async () => {
    const { reports, use, pass, changes } = start();
    await use('http://wiki.corp/');
    reports.delivered(reports.due()!);
    const heartbeats: unknown[] = [];

    for (let minute = 0; minute < 4; minute += 1) {
      pass(60_000);
      heartbeats.push(reports.heartbeat());
      await settled();
    }

    expect(heartbeats).toEqual([null, null, null, null]);
    expect(changes()).toBe(1);
  });

  test('are probed again when it was long ago, and with each heartbeat while they fail', async () => {
    const { reports, probes, failing, use, pass, changes } = start();
    await use('http://wiki.corp/');
    reports.delivered(reports.due()!);
    failing.set('http://wiki.corp', 'ERR_ORIGIN_UNREACHABLE');
    pass(ORIGIN_REPORT_MS);
    reports.heartbeat();
    await settled();
    const broken = reports.due();
    reports.delivered(broken!);
    pass(60_000);
    reports.heartbeat();
    await settled();
    failing.clear();
    pass(60_000);
    reports.heartbeat();
    await settled();

    expect(broken).toMatchObject([{ code: 'ERR_ORIGIN_UNREACHABLE', probed: true }]);
    expect(probes).toHaveLength(4);
    expect(reports.due()).toEqual([{ origin: 'http://wiki.corp', at: expect.any(Number), probed: true }]);
    // Reached, lost, reached.
    expect(changes()).toBe(3);
  });

  test('are told as a request found them, which spares the probe; what was withdrawn is forgotten', async () => {
    const { reports, probes, use, pass, now } = start();
    await use('http://wiki.corp/', 'http://*.apps.corp/');
    pass(ORIGIN_REPORT_MS);
    reports.note({ origin: 'http://wiki.corp', verifyCertificate: true }, null);
    reports.note({ origin: 'http://one.apps.corp', verifyCertificate: true }, 'ERR_ORIGIN_CERTIFICATE');
    reports.note({ origin: 'http://gone.corp', verifyCertificate: true }, null);
    reports.heartbeat();
    await settled();
    const before = reports.due();
    await use('http://wiki.corp/', 'http://*.apps.corp/');

    expect(before).toContainEqual({ origin: 'http://wiki.corp', at: now() });
    expect(probes).toEqual(['http://wiki.corp', 'http://one.apps.corp']);
    expect(
      reports
        .due()!
        .map(({ origin }) => origin)
        .sort(),
    ).toEqual(['http://one.apps.corp', 'http://wiki.corp']);
  });

  test('are told apart by whether their certificates are checked', async () => {
    const { reports } = start();
    reports.use([
      { name: 'a', internalUrl: 'http://wiki.corp/' },
      { name: 'b', internalUrl: 'http://wiki.corp/', verifyCertificate: false },
    ]);
    await settled();

    expect(reports.due()!.map(({ unverified }) => unverified)).toEqual([undefined, true]);
  });

  test('fit a heartbeat, however many and long they are; failures come first', () => {
    const { reports, use } = start();
    void use();
    for (let index = 0; index < 1_000; index += 1)
      reports.note(
        { origin: `https://${'x'.repeat(200)}${index}.corp`, verifyCertificate: true },
        index % 10 === 0 ? 'ERR_ORIGIN_UNREACHABLE' : null,
      );

    const due = reports.due()!;

    expect(due.length).toBeLessThanOrEqual(ORIGIN_REPORTS_MAX);
    expect(JSON.stringify({ type: 'heartbeat', origins: due }).length).toBeLessThan(CLIENT_FRAME_MAX_BYTES);
    expect(due.slice(0, 20).every(({ code }) => code !== undefined)).toBe(true);
  });
});

test('requests tell of the origin: reached where it was asked, whatever it made of that', async () => {
  const bench = createBench();
  const ask = async (url: string, play: (call: ReturnType<typeof createBench>['calls'][0]) => void) => {
    await bench.deliver(bench.request({ url }));
    const call = bench.calls.shift();
    if (call) play(call);
    await settled();
  };
  await ask('http://app.corp/a', ({ fail }) => fail(new SallyportError('ERR_ORIGIN_UNREACHABLE')));
  await ask('http://app.corp/b', ({ connected, fail }) => {
    connected();
    fail(new SallyportError('ERR_ORIGIN_ABORTED'));
  });
  await ask('http://app.corp/c', ({ connected, answer }) => {
    connected();
    answer({ status: 500, headers: [], body: (async function* () {})() });
  });
  await ask('http://other.corp/', () => undefined);
  await ask('http://app.corp/d', ({ fail }) => fail(new SallyportError('ERR_KERBEROS_KDC')));

  expect(bench.tried).toEqual([
    ['http://app.corp', true, 'ERR_ORIGIN_UNREACHABLE'],
    ['http://app.corp', true, null],
    ['http://app.corp', true, null],
    ['http://other.corp', true, 'ERR_ORIGIN_NOT_ALLOWED'],
  ]);
});

describe('a probe', () => {
  const probe = async (fields: Partial<ProbedOrigin> & Pick<ProbedOrigin, 'origin'>) => {
    const clock = new ManualClock();
    const probing = createProbeOrigin(
      createOrigins({ connectTimeoutMs: 1_000 }).connect,
      clock,
    )({
      ...{ verifyCertificate: true, loopbackAllowed: true },
      ...fields,
    });
    let over = false;
    void probing.then(() => {
      over = true;
    });
    while (!over) await clock.pass(50);
    return (await probing)?.code ?? null;
  };

  test('makes a connection and says nothing', async () => {
    const closed = new Promise<string>((resolve) => {
      void serveRaw((socket) => {
        let said = '';
        socket.on('data', (data) => (said += data)).on('close', () => resolve(said));
      }).then(async (host) => expect(await probe({ origin: `http://${host}` })).toBeNull());
    });

    expect(await closed).toBe('');
  });

  test.each<[string, Partial<ProbedOrigin> & Pick<ProbedOrigin, 'origin'>, string]>([
    ['nothing listens', { origin: 'http://127.0.0.1:1' }, 'ERR_ORIGIN_UNREACHABLE'],
    ['this machine, where it is not allowed', { origin: 'http://127.0.0.1:1', loopbackAllowed: false }, 'ERR_ORIGIN_NOT_ALLOWED'],
    ['this machine by IPv6, where it is not allowed', { origin: 'http://[::1]:1', loopbackAllowed: false }, 'ERR_ORIGIN_NOT_ALLOWED'],
    ['a name that is none', { origin: 'http://nowhere.invalid' }, 'ERR_ORIGIN_UNREACHABLE'],
  ])('fails as a request would: %s', async (_, probed, code) => {
    expect(await probe(probed)).toBe(code);
  });

  test('fails where plain HTTP is spoken in place of TLS', async () => {
    const host = await serve((_, response) => void response.end());

    expect(await probe({ origin: `https://${host}` })).toBe('ERR_ORIGIN_TLS');
  });

  test('fails where the origin refuses this side of the handshake, which TLS 1.3 tells afterwards', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-probe-'));
    try {
      const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
      const parameters = '-x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=wiki.corp';
      execFileSync('openssl', ['req', ...parameters.split(' '), '-keyout', key, '-out', cert], { stdio: 'ignore' });
      const port = await serveTls('-cert', cert, '-key', key, '-Verify', '1', '-tls1_3');
      // The time that it lingers never ends.
      const probing = createProbeOrigin(createOrigins().connect, { after: () => () => undefined });

      const error = await probing({ origin: `https://127.0.0.1:${port}`, verifyCertificate: false, loopbackAllowed: true });

      expect(error?.code).toBe('ERR_ORIGIN_TLS');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
