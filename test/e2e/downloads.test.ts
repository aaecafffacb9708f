// A file of 1 GB, which no single response carries, and an upload as large as one request carries, through a network that reorders, doubles
// and delays, and past a router that is stopped in the middle. What arrives is what was sent; nobody holds it on the way.
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { RESPONSE_MAX_BYTES } from '../../protocol/limits.ts';
import { type LargeFile, startLargeFile } from '../support/large-file.ts';
import { watchMemory } from '../support/memory.ts';
import { type PlayedOrigin, startPlayedOrigin } from '../support/played-origin.ts';
import { pour } from '../support/pour.ts';
import { signIn, type UserProgram } from '../support/user.ts';
import { startWorld, type World } from '../support/world.ts';

const MEGABYTE = 1024 * 1024;
const FILE_MEGABYTES = 1024;
/** More than one response carries, less than two. */
const ARCHIVE_MEGABYTES = 256;
const UPLOAD_BYTES = 4 * MEGABYTE;
const FAULTS = { reorder: 0.2, duplicate: 0.05, delay: 20 };
/** The router is stopped at each of these many megabytes, once with its connection to the Reply API cut meanwhile. */
const STOPPED_AT_MEGABYTES = [100, 500];
const STOPPED_MS = 2_000;
/** Far below the file. Both run at less than 100 MB when they rest. */
const GROWTH_MAX_MEGABYTES = 200;

interface Environment {
  readonly id: string;
  readonly function: string;
  readonly state: string;
  readonly pid: number;
}

let file: LargeFile;
let archive: LargeFile;
let origin: PlayedOrigin;
let world: World;
let bob: UserProgram;

beforeAll(async () => {
  [file, archive, origin] = await Promise.all([startLargeFile(FILE_MEGABYTES), startLargeFile(ARCHIVE_MEGABYTES), startPlayedOrigin()]);
  // Users leave unseen here, as on AWS.
  const options = ['--pace', 'off', '--departures', 'unseen'];
  const published = { files: file.url, archive: archive.url, live: origin.url };
  const publish = Object.entries(published).flatMap(([name, url]) => ['--publish', `${name}=${url}`]);
  world = await startWorld(...publish, ...options);
  bob = await signIn(world, 'bob', 'files');
  await world.control('PUT', '/faults', FAULTS);
}, 120_000);
afterAll(async () => {
  await world?.dispose();
  await Promise.all([file?.dispose(), archive?.dispose(), origin?.dispose()]);
}, 60_000);

const routers = async (): Promise<Environment[]> =>
  (await world.control<Environment[]>('GET', '/lambda/environments')).filter(({ function: name }) => /router/i.test(name));

const stopRouter = async (cut: boolean): Promise<void> => {
  const busy = (await routers()).filter(({ state }) => state === 'busy');
  expect(busy).toHaveLength(1);
  await world.control('POST', `/lambda/environments/${busy[0]!.id}/freeze`, { ms: STOPPED_MS });
  if (!cut) return;
  const { sockets } = await world.control<{ sockets: Array<{ connectionId: string; api: string }> }>('GET', '/sockets');
  for (const { connectionId } of sockets.filter(({ api }) => /reply/i.test(api)))
    await world.control('POST', `/sockets/${encodeURIComponent(connectionId)}/kill`);
};

/** As a download manager does: asks for the rest of the same version until all is there. */
const download = async (url: string, arrived: (bytes: number) => Promise<void>) => {
  const hash = createHash('sha256');
  let bytes = 0;
  let total = Number.POSITIVE_INFINITY;
  let tag = '';
  const cuts: number[] = [];
  while (bytes < total) {
    const response = await bob.open(url, bytes === 0 ? {} : { range: `bytes=${bytes}-`, 'if-range': tag });
    expect(response.statusCode).toBe(bytes === 0 ? 200 : 206);
    tag = String(response.headers.etag);
    if (bytes > 0) total = Number(String(response.headers['content-range']).split('/')[1]);
    try {
      for await (const chunk of response.body as AsyncIterable<Buffer>) {
        hash.update(chunk);
        bytes += chunk.length;
        await arrived(bytes);
      }
      // A response that ends in order is a whole one.
      total = Math.min(total, bytes);
    } catch {
      cuts.push(bytes);
    }
  }
  return { bytes, cuts, digest: hash.digest('hex') };
};

test('1 GB arrives whole, in pieces that break off visibly, and neither router nor connector holds it', async () => {
  await bob.fetch(world.url('files'));
  const memory = await watchMemory(world);
  const stops = [...STOPPED_AT_MEGABYTES];
  let looked = 0;
  const startedAt = performance.now();

  const { bytes, cuts, digest } = await download(new URL('file.bin', world.url('files')).href, async (arrived) => {
    if (arrived - looked > 10 * MEGABYTE) {
      looked = arrived;
      memory.look();
    }
    if (arrived > (stops[0] ?? Number.POSITIVE_INFINITY) * MEGABYTE) await stopRouter(stops.shift() !== STOPPED_AT_MEGABYTES[0]);
  });

  console.log(
    `${FILE_MEGABYTES} MB in ${((performance.now() - startedAt) / 1000).toFixed(1)} s, cut at ${cuts.join(', ')}; ${memory.told}`,
  );
  expect(bytes).toBe(file.bytes);
  expect(digest).toBe(file.digest());
  expect(cuts).toEqual(Array.from({ length: Math.floor(file.bytes / RESPONSE_MAX_BYTES) }, (_, cut) => (cut + 1) * RESPONSE_MAX_BYTES));
  expect(memory.growthMegabytes).toBeLessThan(GROWTH_MAX_MEGABYTES);
}, 300_000);

test('4 MB arrive whole at the application under the same faults, with the router stopped meanwhile', async () => {
  const body = randomBytes(UPLOAD_BYTES);
  const url = new URL('upload', world.url('files')).href;

  const sent = bob.fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/octet-stream' } });
  await file.uploading();
  await stopRouter(false);
  const { status, body: digest } = await sent;

  expect(status).toBe(200);
  expect(digest.toString()).toBe(createHash('sha256').update(body).digest('hex'));
}, 60_000);

test('where nobody tells that the user has gone, the origin call of a download ends at the latest where the response would', async () => {
  const carol = await signIn(world, 'carol', 'live');
  const arrival = origin.arrival('/left');
  const leaving = new AbortController();
  const opened = carol.open(new URL('left', world.url('live')).href, {}, leaving.signal);
  const { response } = await arrival;
  const poured = pour(response, FILE_MEGABYTES);
  await (await opened).body[Symbol.asyncIterator]().next();

  leaving.abort();
  await once(response, 'close', { signal: AbortSignal.timeout(60_000) });

  expect(poured.finished).toBe(false);
  expect(poured.written * MEGABYTE).toBeGreaterThan(RESPONSE_MAX_BYTES);
}, 90_000);
