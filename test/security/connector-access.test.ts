// A connector's access, and its end: what it dials with is good once, and one that is removed is out at once.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readIdentity } from '../../connector/identity.ts';
import { control, sallyport } from '../support/administrator.ts';
import { eventually } from '../support/eventually.ts';
import { connectorLog, functionLog, logged } from '../support/logs.ts';
import { type PlayedConnector, playConnector, playEnrolment } from '../support/played-connector.ts';
import { connections } from '../support/sockets.ts';
import { signIn, type UserProgram } from '../support/user.ts';
import { startWorld, type World } from '../support/world.ts';

/** What an administrator is promised (docs/operations.md). */
const REMOVAL_MS = 10_000;

let world: World;
let bob: UserProgram;
/** Of another group, so that no user's request goes there. */
let thief: PlayedConnector;

beforeAll(async () => {
  world = await startWorld();
  [bob, thief] = await Promise.all([
    signIn(world, 'bob', 'intranet'),
    control(world)
      .issueCode('elsewhere')
      .then(({ code }) => playEnrolment(code, 'thief')),
  ]);
}, 120_000);
afterAll(async () => {
  await thief?.dispose();
  await world?.dispose();
}, 60_000);

test('a token that was seen on its way opens no second tunnel', async () => {
  const token = await thief.token();
  const first = await thief.dial(token);

  const second = thief.dial(token);

  await expect(second).rejects.toMatchObject({ code: 'ERR_SERVICE_UNREACHABLE', message: expect.stringContaining('409') });
  expect(await first.ask({ type: 'hello', version: '1' })).toMatchObject({ type: 'welcome' });
  await logged(() => functionLog(world, 'tunnels'), { event: 'tunnel.connect-refused', code: 'ERR_DIAL_REPLAYED' });
  await first.close();
}, 60_000);

test('a tunnel of a removed connector is closed; it says nothing more on it, and cannot dial again', async () => {
  const tunnel = await thief.dial();
  await tunnel.ask({ type: 'hello', version: '1' });

  const removed = await control(world).removeConnector(thief.identity.connector);
  await tunnel.closed;

  expect(removed).toMatchObject({ connector: thief.identity.connector, tunnelsLeftOpen: 0 });
  await expect(thief.dial()).rejects.toMatchObject({ code: 'ERR_CONNECTOR_UNKNOWN' });
}, 60_000);

test('a tunnel that was opened and not announced before the removal gets nothing', async () => {
  const late = await playEnrolment((await control(world).issueCode('elsewhere')).code, 'late');
  const tunnel = await late.dial();
  await control(world).removeConnector(late.identity.connector);

  const answer = await tunnel.ask({ type: 'hello', version: '1' });

  await late.dispose();
  expect(answer).toMatchObject({ type: 'refused', code: 'ERR_CONNECTOR_UNKNOWN' });
  expect((await control(world).status()).groups.find(({ name }) => name === 'elsewhere')).toBeUndefined();
}, 60_000);

test('the command removes a connector that is at work: no request reaches it from then on', async () => {
  const [{ stateDirectory, logFile }] = world.ready.connectors as [World['ready']['connectors'][number]];
  const id = (await readIdentity(stateDirectory))?.connector ?? '';
  const before = await bob.fetch(world.url('intranet'));

  const { status, output } = await sallyport(world, 'connector', 'remove', id);
  await eventually(REMOVAL_MS, async () => expect(await connections(world, 'Tunnel')).toEqual([]));
  const after = await bob.fetch(world.url('intranet'));

  expect([before.status, status, after.status]).toEqual([200, 0, 503]);
  expect(output).toContain('its tunnels are closed, and it cannot dial again');
  expect(after.body.toString()).toContain('ERR_NO_CONNECTOR');
  await logged(() => connectorLog(logFile), { event: 'tunnel.failed', code: 'ERR_CONNECTOR_UNKNOWN' });
}, 60_000);

test('its identity, copied to another machine, opens nothing', async () => {
  const [{ stateDirectory }] = world.ready.connectors as [World['ready']['connectors'][number]];
  const copy = playConnector((await readIdentity(stateDirectory))!);

  await expect(copy.dial()).rejects.toMatchObject({ code: 'ERR_CONNECTOR_UNKNOWN' });
  await copy.dispose();
}, 60_000);
