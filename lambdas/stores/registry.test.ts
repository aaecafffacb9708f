import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
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

    await registry.removeConnector('k1');
    await registry.removeConnector('never-was');

    expect(await registry.findConnector('k1')).toBeNull();
    expect((await registry.tunnels('office')).map(({ connector }) => connector)).toEqual(['k10']);
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
