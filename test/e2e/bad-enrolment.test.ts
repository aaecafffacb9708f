// What an administrator reads when a connector is started with a code or a clock that is wrong, and what is left behind then.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Site, startSite } from '../../simulator/site/site.ts';
import { control } from '../support/administrator.ts';
import type { Child } from '../support/child.ts';
import { type ConnectorHome, type ConnectorOptions, createConnectorHome } from '../support/connector.ts';
import { expireCode } from '../support/expired-code.ts';
import { externalUrl, publish } from '../support/publish.ts';
import { stranger } from '../support/user.ts';
import { startWorld, type World } from '../support/world.ts';

const HELP = 'npx sallyport connector enroll --group';

let site: Site;
let world: World;
let home: ConnectorHome;
let running: Child[];

beforeAll(async () => {
  [site, world] = await Promise.all([startSite(), startWorld('--connectors', '0')]);
}, 120_000);
afterAll(async () => {
  await world?.dispose();
  await site?.dispose();
}, 60_000);
beforeEach(() => {
  home = createConnectorHome();
  running = [];
});
afterEach(async () => {
  await Promise.all(running.map((child) => child.stop()));
  home.dispose();
});

const start = (options: ConnectorOptions): Child => {
  const child = home.start(options);
  running.push(child);
  return child;
};

const enrolmentCode = async (): Promise<string> => (await control(world).issueCode('default')).code;
const connectors = async (): Promise<string[]> => (await control(world).status()).connectors.map(({ id }) => id);

describe('an enrolment code is refused, and nothing is kept', () => {
  const spoilt: Record<string, (code: string) => Promise<string> | string> = {
    'older than an hour': async (code) => {
      await expireCode(world, code);
      return code;
    },
    'with another letter': (code) => code.replace(/.$/, (last) => (last === 'A' ? 'E' : 'A')),
    'with a letter too few': (code) => code.slice(0, -1),
    'without its address': (code) => code.split('#')[1]!,
  };

  test.each(Object.keys(spoilt))(
    '%s',
    async (how) => {
      const code = await spoilt[how]!(await enrolmentCode());
      const before = await connectors();

      const child = start({ code });

      expect(await child.ended).toBe(1);
      expect(child.output()).toMatch(/^ERR_ENROLMENT_INVALID: The enrolment code cannot be used: .+\. Make a new one: /m);
      expect(child.output()).toContain(HELP);
      expect(child.output()).not.toContain(code.slice(-20));
      expect([home.kept(), await connectors()]).toEqual([[], before]);
    },
    60_000,
  );

  test('used before: the connector that used it goes on', async () => {
    const code = await enrolmentCode();
    const first = start({ code });
    await first.seen(/tunnel\.open/);
    const before = await connectors();
    const other = createConnectorHome();

    const second = other.start({ code });

    expect(await second.ended).toBe(1);
    expect(second.output()).toContain(
      'ERR_ENROLMENT_INVALID: The enrolment code cannot be used: it is unknown (mistyped?), was used before',
    );
    expect([other.kept(), await connectors()]).toEqual([[], before]);
    expect(first.process.exitCode).toBeNull();
    other.dispose();
  }, 60_000);

  test('none at all: says how to get one', async () => {
    const child = start({});

    expect(await child.ended).toBe(2);
    expect(child.output()).toMatch(/^ERR_CONFIGURATION_INVALID: .* holds no identity yet, and there is no enrolment code\./m);
    expect(child.output()).toContain(HELP);
  }, 60_000);

  test('while the tables throttle: the same code is good afterwards', async () => {
    const code = await enrolmentCode();
    await world.control('PUT', '/faults', { 'throttle-tables': 1 });

    const refused = start({ code });

    expect(await refused.ended).toBe(1);
    expect(refused.output()).toMatch(/^ERR_STORE_UNAVAILABLE: portal\.\S+ refused the enrolment \(503\): The service is busy\.$/m);
    expect(home.kept()).toEqual([]);
    await world.control('PUT', '/faults', { 'throttle-tables': 0 });
    await start({ code }).seen(/tunnel\.open/);
  }, 60_000);
});

describe('a clock that is an hour behind', () => {
  test('at enrolment: is named, and the code is good once it is set', async () => {
    const code = await enrolmentCode();

    const late = start({ code, clockWrongFrom: 'start' });

    expect(await late.ended).toBe(1);
    expect(late.output()).toMatch(
      /^ERR_CONNECTOR_CLOCK: This machine's clock is (59|60|61) minutes behind the service's\. Set it \(NTP\); then start the connector again\.$/m,
    );
    expect(home.kept()).toEqual([]);
    await start({ code }).seen(/tunnel\.open/);
  }, 60_000);

  test('once enrolled: is named, and the connector goes on trying', async () => {
    const enrolled = start({ code: await enrolmentCode() });
    await enrolled.seen(/tunnel\.open/);
    await enrolled.stop();

    const late = start({ clockWrongFrom: 'start' });

    await late.seen(/tunnel\.failed.*ERR_CONNECTOR_CLOCK[\s\S]*tunnel\.failed.*ERR_CONNECTOR_CLOCK/);
    expect(late.output()).toContain("minutes behind the service's. Set it (NTP); the connector goes on trying.");
    expect(late.process.exitCode).toBeNull();
  }, 60_000);

  test('from some moment on: exchanges go on', async () => {
    await publish(world, [{ id: 'site', internalUrl: site.url, group: 'default' }]);
    const child = start({ code: await enrolmentCode(), allow: [new URL(site.url).origin], clockWrongFrom: 'SIGUSR2' });
    await child.seen(/tunnel\.open/);
    const url = externalUrl(world, 'site');

    const before = await stranger.fetch(url);
    child.process.kill('SIGUSR2');
    await child.seen(/an hour behind/);
    const after = await stranger.fetch(url);
    const download = await stranger.fetch(`${url}download?mb=3`);

    expect([before.status, after.status, download.status]).toEqual([200, 200, 200]);
    expect(download.body.length).toBe(3 * 1024 * 1024);
  }, 60_000);
});
