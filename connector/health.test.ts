import { afterEach, expect, test } from '@jest/globals';
import { type Health, startHealth } from './health.ts';
import { Metrics } from './metrics.ts';

const started: Health[] = [];
afterEach(async () => {
  for (const health of started.splice(0)) await health.close();
});

const start = async (ready: boolean, metrics = new Metrics()) => {
  const health = await startHealth({ host: '127.0.0.1', port: 0 }, { ready: () => ready, metrics: () => metrics.text() });
  started.push(health);
  return health;
};

test.each([
  [true, 200],
  [false, 503],
])('readiness depends on a tunnel (%p: %i), liveness does not', async (ready, status) => {
  const { url } = await start(ready);

  expect((await fetch(`${url}/ready`)).status).toBe(status);
  expect((await fetch(`${url}/live`)).status).toBe(200);
});

test('metrics are as Prometheus reads them', async () => {
  const metrics = new Metrics();
  metrics.count('sallyport_posts_total', 'delivered');
  metrics.count('sallyport_posts_total', 'delivered');
  metrics.count('sallyport_posts_total', 'gone');
  metrics.gauge('sallyport_tunnels', () => 1);
  const { url } = await start(true, metrics);

  const answer = await fetch(`${url}/metrics`);

  expect(answer.headers.get('content-type')).toContain('version=0.0.4');
  const text = await answer.text();
  expect(text).toContain(
    '# TYPE sallyport_posts_total counter\nsallyport_posts_total{result="delivered"} 2\nsallyport_posts_total{result="gone"} 1\n',
  );
  expect(text).toContain('# TYPE sallyport_tunnels gauge\nsallyport_tunnels 1\n');
});

test('nothing else is served', async () => {
  const { url } = await start(true);

  expect((await fetch(`${url}/`)).status).toBe(404);
  expect((await fetch(`${url}/ready`, { method: 'POST' })).status).toBe(405);
});

test('a port in use is named', async () => {
  const { url } = await start(true);
  const port = Number(new URL(url).port);

  await expect(startHealth({ host: '127.0.0.1', port }, { ready: () => true, metrics: () => '' })).rejects.toMatchObject({
    code: 'ERR_CONFIGURATION_INVALID',
    message: expect.stringContaining(`port ${port}`),
  });
});
