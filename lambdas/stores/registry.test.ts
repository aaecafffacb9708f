import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { SallyportError } from '../../protocol/errors.ts';
import { type EmulatedTables, startEmulatedTables } from './emulated-table.ts';
import type { Connector, Registry, Tunnel } from './records.ts';
import { createRegistry } from './registry.ts';
import { createTable, type Table } from './table.ts';

const START = 1_700_000_000_000;
const connector: Connector = {
  id: 'k1',
  name: 'hall',
  group: 'office',
  signingKey: { kty: 'EC', crv: 'P-256', x: 'a', y: 'b' },
  sealingKey: { kty: 'EC', crv: 'P-256', x: 'c', y: 'd' },
  enrolledAt: START,
  version: '0.1.0',
  seenAt: START,
};
const tunnel: Tunnel = {
  connectionId: 'abc=',
  connector: 'k1',
  group: 'office',
  openedAt: START,
  seenAt: START,
  expiresAt: START + 7_200_000,
  draining: false,
};

let emulated: EmulatedTables;
let table: Table;
let clock: number;
let registry: Registry;

beforeAll(async () => {
  emulated = await startEmulatedTables();
});
afterAll(() => emulated.close());
beforeEach(async () => {
  clock = START;
  table = createTable(emulated.client, await emulated.create());
  registry = createRegistry({ table, now: () => clock });
});

describe('connectors', () => {
  test('are found by id and listed', async () => {
    const second = { ...connector, id: 'k2', name: 'attic' };
    await registry.addConnector(connector);
    await registry.addConnector(second);

    const found = await registry.findConnector('k2');
    const all = await registry.connectors();

    expect(found).toEqual(second);
    expect(all).toEqual([connector, second]);
    expect(await registry.findConnector('k3')).toBeNull();
  });

  test('are never replaced by another key under the same id', async () => {
    await registry.addConnector(connector);

    const repeated = registry.addConnector(connector);
    const foreign = registry.addConnector({ ...connector, signingKey: { kty: 'EC', crv: 'P-256', x: 'evil', y: 'b' } });

    await expect(repeated).resolves.toBeUndefined();
    await expect(foreign).rejects.toMatchObject({ code: 'ERR_INTERNAL' });
    expect(await registry.findConnector('k1')).toEqual(connector);
  });

  test('take their tunnels with them when they are removed, and nobody else’s', async () => {
    await registry.addConnector(connector);
    await registry.addConnector({ ...connector, id: 'k10' });
    await registry.saveTunnel(tunnel, '0.1.0');
    await registry.saveTunnel({ ...tunnel, connector: 'k10', connectionId: 'def=' }, '0.1.0');

    const removed = await registry.removeConnector(connector);

    expect(removed).toEqual(['abc=']);
    expect(await registry.findConnector('k1')).toBeNull();
    expect((await registry.tunnels('office')).map(({ connector }) => connector)).toEqual(['k10']);
  });
});

describe('a connector that is removed', () => {
  /** Calls `meanwhile` when the connector has been taken out of the table. */
  const takenBefore = (meanwhile: () => Promise<unknown>): Registry => {
    const take: Table['take'] = async (key) => {
      const taken = await table.take(key);
      if (key.pk === 'connector') await meanwhile();
      return taken;
    };
    return createRegistry({ table: { ...table, take }, now: () => clock });
  };

  test('cannot save a tunnel in the middle of it', async () => {
    await registry.addConnector(connector);
    const meanwhile: Promise<unknown>[] = [];
    const slow = takenBefore(async () => void meanwhile.push(registry.saveTunnel(tunnel, '0.1.0').catch((error: unknown) => error)));

    await slow.removeConnector(connector);

    expect(await Promise.all(meanwhile)).toMatchObject([{ code: 'ERR_CONNECTOR_UNKNOWN' }]);
    expect(await registry.tunnels('office')).toEqual([]);
  });

  test('has a tunnel told that was saved just before', async () => {
    await registry.addConnector(connector);
    let saving = true;
    // The tunnel is written, the connector not yet looked at: removal comes in between.
    const update: Table['update'] = async (key, expression) => {
      if (key.sk === 'k1' && saving) {
        saving = false;
        removed = await registry.removeConnector(connector);
      }
      return table.update(key, expression);
    };
    let removed: readonly string[] = [];

    const saved = createRegistry({ table: { ...table, update }, now: () => clock }).saveTunnel(tunnel, '0.1.0');

    await expect(saved).rejects.toMatchObject({ code: 'ERR_CONNECTOR_UNKNOWN' });
    expect([removed, await registry.tunnels('office')]).toEqual([['abc='], []]);
  });

  test('has its known tunnels told, also while the registry is out of reach from then on', async () => {
    await registry.addConnector(connector);
    await registry.saveTunnel(tunnel, '0.1.0');
    let reads = 0;
    const query: Table['query'] = (...given) => {
      reads += 1;
      return reads === 1 ? table.query(...given) : Promise.reject(new SallyportError('ERR_STORE_UNAVAILABLE'));
    };

    const removed = await createRegistry({ table: { ...table, query }, now: () => clock }).removeConnector(connector);

    expect(removed).toEqual(['abc=']);
    expect(await registry.findConnector('k1')).toBeNull();
  });
});

describe('a dial', () => {
  const dial = { connector: 'k1', id: 'f3e1c0de-0000-4000-8000-000000000001', expiresAt: START + 60_000 };

  test('is taken once, even when ten come at the same time', async () => {
    const taken = await Promise.all(Array.from({ length: 10 }, () => registry.takeDial(dial)));

    expect(taken.filter((first) => first)).toHaveLength(1);
    expect(await table.get({ pk: 'dial#k1', sk: dial.id })).toMatchObject({ expiresAtSeconds: START / 1000 + 60 });
  });

  test('is another connector’s own under the same id', async () => {
    await registry.takeDial(dial);

    expect(await registry.takeDial({ ...dial, connector: 'k2' })).toBe(true);
  });
});

describe('tunnels', () => {
  test('are saved with the connector’s version and the time it was seen', async () => {
    await registry.addConnector(connector);

    await registry.saveTunnel({ ...tunnel, seenAt: START + 5 }, '0.2.0');

    expect(await registry.tunnels('office')).toEqual([{ ...tunnel, seenAt: START + 5 }]);
    expect(await registry.tunnels('elsewhere')).toEqual([]);
    expect(await registry.findConnector('k1')).toEqual({ ...connector, version: '0.2.0', seenAt: START + 5 });
  });

  test('of a removed connector are refused and do not bring it back', async () => {
    const saved = registry.saveTunnel(tunnel, '0.1.0');

    await expect(saved).rejects.toMatchObject({ code: 'ERR_CONNECTOR_UNKNOWN' });
    expect([await registry.findConnector('k1'), await registry.tunnels('office')]).toEqual([null, []]);
  });

  test('stay draining when a heartbeat follows the drain', async () => {
    await registry.addConnector(connector);
    await registry.saveTunnel(tunnel, '0.1.0');

    await registry.drainTunnel(tunnel);
    await registry.saveTunnel({ ...tunnel, seenAt: START + 60_000 }, '0.1.0');

    expect(await registry.tunnels('office')).toEqual([{ ...tunnel, seenAt: START + 60_000, draining: true }]);
  });

  test('are gone once they are removed, are two hours old, or were never known', async () => {
    const second = { ...tunnel, connectionId: 'def=', expiresAt: START + 10 };
    await registry.addConnector(connector);
    await registry.saveTunnel(tunnel, '0.1.0');
    await registry.saveTunnel(second, '0.1.0');

    await registry.removeTunnel(tunnel);
    await registry.drainTunnel(tunnel);

    expect(await registry.tunnels('office')).toEqual([second]);
    clock = START + 10;
    expect(await registry.tunnels('office')).toEqual([]);
  });
});

describe('enrolment codes', () => {
  const code = { id: 'e1', group: 'office', createdAt: START, expiresAt: START + 3_600_000 };

  test('are taken once, even when ten ask at the same time', async () => {
    await registry.createEnrolmentCode(code);

    const taken = await Promise.all(Array.from({ length: 10 }, () => registry.takeEnrolmentCode('e1')));

    expect(taken.filter((one) => one !== null)).toEqual([code]);
  });

  test('are refused when unknown or expired', async () => {
    await registry.createEnrolmentCode(code);
    clock = START + 3_600_000;

    expect(await registry.takeEnrolmentCode('e1')).toBeNull();
    expect(await registry.takeEnrolmentCode('e2')).toBeNull();
  });
});
