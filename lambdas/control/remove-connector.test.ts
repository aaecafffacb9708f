import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { SallyportError } from '../../protocol/errors.ts';
import { read, startWorld, type World } from './testing/world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());
beforeEach(() => world.reset());

describe('connectors', () => {
  test('are removed with their tunnels', async () => {
    await world.enrolConnector('one', 'default');
    await world.enrolConnector('other', 'default');
    await world.openTunnel('one', 'default');
    await world.openTunnel('other', 'default');

    const answer = await world.call('DELETE', 'connectors/one');

    expect([answer.statusCode, read(answer)]).toEqual([200, { connector: 'one', name: 'one', group: 'default', tunnelsLeftOpen: 0 }]);
    expect(await world.registry.findConnector('one')).toBeNull();
    expect(await world.registry.tunnels('default')).toMatchObject([{ connector: 'other' }]);
    expect(world.closed).toEqual(['one=']);
    expect(world.lines).toMatchObject([{ event: 'control.connector-removed', connector: 'one', tunnels: 1 }]);
  });

  test('are removed although a tunnel cannot be closed, which is told', async () => {
    await world.enrolConnector('one', 'default');
    await world.openTunnel('one', 'default');
    world.closeTunnel = async () => {
      throw new SallyportError('ERR_STORE_UNAVAILABLE', 'Throttled.');
    };

    const answer = await world.call('DELETE', 'connectors/one');

    expect([answer.statusCode, read(answer)]).toMatchObject([200, { tunnelsLeftOpen: 1 }]);
    expect([await world.registry.findConnector('one'), await world.registry.tunnels('default')]).toEqual([null, []]);
    expect(world.lines[0]).toMatchObject({
      level: 'error',
      event: 'control.tunnel-not-closed',
      connectionId: 'one=',
      administrator: expect.any(String),
    });
  });

  test('an unknown one is told', async () => {
    const answer = await world.call('DELETE', 'connectors/two');

    expect(answer.statusCode).toBe(404);
    expect(read<{ code: string; detail: string }>(answer)).toMatchObject({
      code: 'ERR_CONTROL_UNKNOWN',
      detail: expect.stringContaining('two'),
    });
  });
});
