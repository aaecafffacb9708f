import { expect, test } from '@jest/globals';
import { createMeter } from './meter.ts';

test('amounts are summed by unit and labels', () => {
  const meter = createMeter();
  meter.add('websocket-messages', 2, { api: 'Tunnel', direction: 'out' });
  meter.add('websocket-messages', 1, { direction: 'out', api: 'Tunnel' });
  meter.add('websocket-messages', 5, { api: 'Tunnel', direction: 'in' });

  const { totals, lines } = meter.snapshot();

  expect(totals['websocket-messages']).toBe(8);
  expect(totals.invocations).toBe(0);
  expect(lines).toContainEqual({ unit: 'websocket-messages', labels: { api: 'Tunnel', direction: 'out' }, amount: 3 });
  meter.reset();
  expect(meter.snapshot().lines).toEqual([]);
});

test('a unit that is not on the bill is an error', () => {
  expect(() => createMeter().add('coffee', 1)).toThrow('no unit coffee');
  expect(() => createMeter().add('invocations', Number.NaN)).toThrow('cannot add NaN');
});
