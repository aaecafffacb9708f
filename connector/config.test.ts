import { describe, expect, test } from '@jest/globals';
import { readConfig } from './config.ts';

const read = (args: string[] = [], env: Record<string, string> = {}, file?: string) =>
  readConfig({
    args: file === undefined ? args : ['--config', '/etc/connector.yaml', ...args],
    env,
    read: (path) => {
      if (file === undefined) throw new Error(`ENOENT: ${path}`);
      return file;
    },
  });

const faultsOf = (...given: Parameters<typeof read>): string => {
  try {
    read(...given);
    return '';
  } catch (error) {
    expect(error).toMatchObject({ code: 'ERR_CONFIGURATION_INVALID' });
    return (error as Error).message;
  }
};

describe('the configuration', () => {
  test('has defaults, and allows no origin', () => {
    expect(read()).toMatchObject({
      allow: [],
      stateDirectory: '/var/lib/sallyport',
      healthAddress: { host: '127.0.0.1', port: 9470 },
      drainSeconds: 30,
      exitAfterMinutes: 15,
      logLevel: 'info',
      caFile: undefined,
      enrolmentCode: undefined,
    });
  });

  test('takes flags before variables before the file', () => {
    const file = 'drainSeconds: 1\nexitAfterMinutes: 1\nexchanges: 1\n';
    const env = { SALLYPORT_DRAIN_SECONDS: '2', SALLYPORT_EXIT_AFTER_MINUTES: '2' };

    expect(read(['--drain-seconds', '3'], env, file)).toMatchObject({ drainSeconds: 3, exitAfterMinutes: 2, exchanges: 1 });
  });

  test('reads lists from repeated flags, from a variable, from the file', () => {
    const hosts = (config: ReturnType<typeof read>) => config.allow.map(({ text }) => text);

    expect(hosts(read(['--allow', 'http://a.corp', '--allow=http://b.corp:81']))).toEqual(['http://a.corp', 'http://b.corp:81']);
    expect(hosts(read([], { SALLYPORT_ALLOW: 'http://a.corp, http://b.corp' }))).toEqual(['http://a.corp', 'http://b.corp']);
    expect(hosts(read([], {}, 'allow: [http://a.corp]'))).toEqual(['http://a.corp']);
  });

  test('takes the code from the environment', () => {
    expect(read([], { SALLYPORT_ENROLMENT_CODE: 'https://x/#s' }).enrolmentCode).toBe('https://x/#s');
  });

  test('finds the file through the environment too, and ignores what is not ours', () => {
    expect(readConfig({ args: [], env: { SALLYPORT_CONFIG: 'f', HOME: '/' }, read: () => 'name: hall' }).name).toBe('hall');
  });

  test('reads an IPv6 address, any port, and none', () => {
    expect(read(['--health-address', '[::1]:0']).healthAddress).toEqual({ host: '::1', port: 0 });
    expect(read(['--health-address', 'off']).healthAddress).toBeNull();
  });
});

describe('the configuration is refused', () => {
  test('with all faults at once, each where it was said', () => {
    const faults = faultsOf(
      ['--alow', 'x', '--drain-seconds', 'soon', '--allow', 'wiki', '--health-address', '9470', 'stray'],
      { SALLYPORT_STATEDIR: '/x', SALLYPORT_LOG_LEVEL: 'loud' },
      'exchangs: 5\nmemoryMegabytes: 1\nenrolmentCode: x\n',
    );

    for (const fault of [
      'There are 10 faults',
      '--alow: unknown flag',
      '--drain-seconds: expected a whole number',
      '--allow: wiki: expected scheme, host and port only',
      '--health-address: expected host:port',
      'an argument without a flag before it',
      'SALLYPORT_STATEDIR: unknown variable',
      'SALLYPORT_LOG_LEVEL: expected debug, info, warn or error',
      '/etc/connector.yaml: exchangs: unknown key',
      '/etc/connector.yaml: memoryMegabytes: at least 16',
      '/etc/connector.yaml: enrolmentCode: set SALLYPORT_ENROLMENT_CODE instead',
    ]) {
      expect(faults).toContain(fault);
    }
  });

  test.each([
    [['--drain-seconds'], '--drain-seconds: expected a value'],
    [['--name', '--drain-seconds', '5'], '--name: expected a value'],
    [['--name', 'a', '--name', 'b'], '--name: given twice'],
    [['--name', '-a-'], '--name: expected 1 to 63 letters'],
    [['--config', '/nowhere'], '/nowhere: cannot be read'],
  ])('%p: %s', (args, fault) => {
    expect(faultsOf(args)).toContain(fault);
  });

  test.each(['- a\n- b\n', 'just text', '{'])('with a file that holds no keys and values: %p', (file) => {
    expect(faultsOf([], {}, file)).toContain('/etc/connector.yaml: ');
  });

  test.each([[['--enrolment-code', 'top-secret']], [['--enrolment-code=top-secret']]])(
    'with a secret among the flags, not repeating it (cloudflared#1539): %p',
    (args) => {
      const faults = faultsOf(args);

      expect(faults).toContain('SALLYPORT_ENROLMENT_CODE');
      expect(faults).not.toContain('top-secret');
    },
  );

  test('with the value of an unknown flag unrepeated', () => {
    expect(faultsOf(['--token', 'top-secret'])).not.toContain('top-secret');
  });
});
