// Uploads of any size by programs: `sallyport upload`, and a tus client that we did not write. The application gets one request, streamed; what
// is lost, repeated or cut on the way shows in nothing but time, or in a request that visibly broke.
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { DefaultHttpStack, type DetailedError, Upload as TusUpload } from 'tus-js-client';
import { UPLOAD_PART_MAX_BYTES } from '../../protocol/limits.ts';
import { control } from '../support/administrator.ts';
import { type Child, startChild } from '../support/child.ts';
import { eventually } from '../support/eventually.ts';
import { ROOT } from '../support/files.ts';
import { watchMemory } from '../support/memory.ts';
import { externalUrl } from '../support/publish.ts';
import { writeRandomFile } from '../support/random-file.ts';
import { breakSockets } from '../support/sockets.ts';
import { startUploadOrigin, type UploadOrigin } from '../support/upload-origin.ts';
import { type Answer, stranger } from '../support/user.ts';
import { startWatchedConnector, type WatchedConnector } from '../support/watched-connector.ts';
import { startWorld, type World } from '../support/world.ts';

const MEGABYTE = 1024 * 1024;
/** 1,024 for the run whose figures docs/uploads.md has. */
const FILE_MEGABYTES = Number(process.env.UPLOAD_MEGABYTES ?? 384);
/** Far below the file, which would take a third more as base64. A router has 512 MB, and tidies up when it must. */
const GROWTH_MAX_MEGABYTES = 300;
const FAULTS = { reorder: 0.2, duplicate: 0.05, delay: 20 };
const NO_FAULTS = { reorder: 0, duplicate: 0, delay: 0 };

let origin: UploadOrigin;
let world: World;
let replaced: WatchedConnector;
let token: string;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-upload-'));
  origin = await startUploadOrigin();
  world = await startWorld('--publish', `files=${origin.url}`, '--pace', 'off');
  const application = (id: string, connectorGroup: string) => ({
    ...{ id, name: id, externalUrl: `https://${id}.apps.sallyport.localhost/`, internalUrl: origin.url, connectorGroup },
    ...{ access: 'everyone', bigUploads: 'on', tokens: { services: true } },
  });
  await world.apply([application('files', 'default'), application('replaced', 'replaced')]);
  token = (await control(world).createToken('uploader', ['files', 'replaced'], 1)).token;
  replaced = await startWatchedConnector(world, 'replaced', [new URL(origin.url).origin]);
}, 120_000);
afterAll(async () => {
  await replaced?.dispose();
  await world?.dispose();
  await origin?.dispose();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);
afterEach(() => world.control('PUT', '/faults', NO_FAULTS));

const url = (path: string, application = 'files'): string => externalUrl(world, application) + path;
const uploadsTo = (path: string) => origin.to(`/${path}`);
const digestOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const codeOf = ({ status, body }: Answer) => [status, JSON.parse(body.toString()).code];

/** What an upload asks, request by request. */
const call = (method: 'POST' | 'PATCH' | 'HEAD' | 'DELETE' | 'GET', address: string, headers: Record<string, string> = {}, body?: Buffer) =>
  stranger.fetch(address, { method, headers: { authorization: `Bearer ${token}`, 'tus-resumable': '1.0.0', ...headers }, body });
const begin = async (path: string, length: number, application = 'files'): Promise<string> => {
  const target = Buffer.from(`/${path}`).toString('base64');
  const headers = { 'upload-length': String(length), 'upload-metadata': `target ${target}` };
  const { status, headers: answered } = await call('POST', url('.sallyport/uploads', application), headers);
  expect(status).toBe(201);
  return new URL(String(answered.location), url('', application)).href;
};
const part = (upload: string, offset: number, bytes: Buffer) =>
  call('PATCH', upload, { 'upload-offset': String(offset), 'content-type': 'application/offset+octet-stream' }, bytes);

describe('sallyport upload', () => {
  const start = (file: string, address: string, env: Record<string, string>): Child =>
    startChild(process.execPath, ['cli/sallyport.mjs', 'upload', file, address], {
      cwd: ROOT,
      env: { ...process.env, NODE_OPTIONS: '--no-warnings', XDG_STATE_HOME: join(folder, 'state'), ...env },
    });
  const tokenFile = () => {
    const file = join(folder, 'token');
    writeFileSync(file, `${token}\n`);
    return { SALLYPORT_TOKEN_FILE: file };
  };

  test('brings a large file to the application as one request, and neither router nor connector holds it', async () => {
    const file = join(folder, 'large.bin');
    const digest = await writeRandomFile(file, FILE_MEGABYTES);
    await stranger.fetch(url(''));
    const memory = await watchMemory(world);
    const startedAt = performance.now();

    const child = start(file, url('large'), tokenFile());
    child.process.stderr?.on('data', memory.look);
    const status = await child.ended;

    console.log(`${FILE_MEGABYTES} MB up in ${((performance.now() - startedAt) / 1000).toFixed(1)} s; ${memory.told}`);
    expect([status, child.output().includes('The application answered 201.')]).toEqual([0, true]);
    expect(uploadsTo('large')).toMatchObject([
      {
        method: 'POST',
        bytes: FILE_MEGABYTES * MEGABYTE,
        sha256: digest,
        ended: 'whole',
        headers: { 'content-length': String(FILE_MEGABYTES * MEGABYTE), 'content-type': 'application/octet-stream' },
      },
    ]);
    expect(memory.growthMegabytes).toBeLessThan(GROWTH_MAX_MEGABYTES);
    expect(child.output()).not.toContain(token);
  }, 900_000);

  test('killed in the middle and called again, goes on where it stood: the application gets one request', async () => {
    const bytes = randomBytes(24 * MEGABYTE);
    const file = join(folder, 'killed.bin');
    writeFileSync(file, bytes);

    const killed = start(file, url('killed'), tokenFile());
    await killed.seen(/^\d+ of \d+ bytes/m);
    await killed.stop('SIGKILL');
    const again = start(file, url('killed'), tokenFile());
    const status = await again.ended;

    expect([await killed.ended, status]).toEqual(['SIGKILL', 0]);
    expect(again.output()).toMatch(/It goes on at [1-9]\d+ bytes/);
    expect(uploadsTo('killed')).toMatchObject([{ sha256: digestOf(bytes), ended: 'whole' }]);
  }, 60_000);

  test('says with its code what is refused, and ends with 1', async () => {
    const file = join(folder, 'small.bin');
    writeFileSync(file, 'abc');

    const stranger = start(file, url('small'), { SALLYPORT_TOKEN: 'sallyport_nobody' });
    const without = start(file, url('small'), {});

    expect([await stranger.ended, await without.ended]).toEqual([1, 1]);
    expect(stranger.output()).toContain('ERR_TOKEN_INVALID');
    expect(without.output()).toContain('SALLYPORT_TOKEN_FILE');
    expect(uploadsTo('small')).toEqual([]);
  }, 60_000);
});

describe('a tus client that we did not write', () => {
  const LOOPBACK = { address: '127.0.0.1', family: 4 } as const;
  const agent = new Agent({
    lookup: (_host, options, done) => (options.all ? done(null, [LOOPBACK]) : done(null, LOOPBACK.address, LOOPBACK.family)),
  });
  afterAll(() => agent.destroy());

  test('uploads through a network that reorders, doubles and delays, and goes on where it was interrupted', async () => {
    await world.control('PUT', '/faults', FAULTS);
    const bytes = randomBytes(10 * MEGABYTE);
    const file = join(folder, 'tus.bin');
    writeFileSync(file, bytes);
    const options = {
      endpoint: url('.sallyport/uploads'),
      chunkSize: UPLOAD_PART_MAX_BYTES,
      httpStack: new DefaultHttpStack({ agent }),
      headers: { Authorization: `Bearer ${token}` },
      metadata: { target: '/tus?by=library', method: 'PUT', filetype: 'video/mp4' },
      uploadSize: bytes.length,
    };

    const address = await new Promise<string>((resolve, reject) => {
      const first = new TusUpload(createReadStream(file), {
        ...options,
        onError: reject,
        onChunkComplete: () => void first.abort().then(() => resolve(first.url!)),
      });
      first.start();
    });
    await new Promise<void>((resolve, reject) => {
      const second = new TusUpload(createReadStream(file), {
        ...options,
        endpoint: null,
        uploadUrl: address,
        onError: (error: Error | DetailedError) => reject(error),
        onSuccess: () => resolve(),
      });
      second.start();
    });
    const response = await call('GET', `${address}/response`);

    expect(uploadsTo('tus?by=library')).toMatchObject([
      { method: 'PUT', sha256: digestOf(bytes), ended: 'whole', headers: { 'content-type': 'video/mp4' } },
    ]);
    expect([response.status, response.headers['x-taken']]).toEqual([201, String(bytes.length)]);
  }, 120_000);
});

describe('an upload', () => {
  test('goes on after the router’s socket died between two parts; a part that is repeated, or comes too early, changes nothing', async () => {
    const bytes = randomBytes(6 * MEGABYTE);
    const middle = 3 * MEGABYTE;
    const upload = await begin('parts', bytes.length);

    const early = await part(upload, middle, bytes.subarray(middle));
    const first = await part(upload, 0, bytes.subarray(0, middle));
    await breakSockets(world, 'Reply', 'blackhole');
    const repeated = await part(upload, 0, bytes.subarray(0, middle));
    const { headers } = await call('HEAD', upload);
    const last = await part(upload, middle, bytes.subarray(middle));
    const response = await call('GET', `${upload}/response`);

    expect([codeOf(early), first.status, codeOf(repeated)]).toEqual([[409, 'ERR_UPLOAD_OFFSET'], 204, [409, 'ERR_UPLOAD_OFFSET']]);
    expect([headers['upload-offset'], headers['upload-length']]).toEqual([String(middle), String(bytes.length)]);
    expect([last.status, last.headers['upload-offset']]).toEqual([204, String(bytes.length)]);
    expect(JSON.parse(response.body.toString())).toEqual({ bytes: bytes.length, sha256: digestOf(bytes) });
    expect(uploadsTo('parts')).toMatchObject([{ ended: 'whole' }]);
  }, 60_000);

  test('survives a router that is stopped in the middle of a part, with its sockets cut meanwhile', async () => {
    const bytes = randomBytes(2 * UPLOAD_PART_MAX_BYTES);
    const upload = await begin('stopped', bytes.length);
    await part(upload, 0, bytes.subarray(0, UPLOAD_PART_MAX_BYTES));

    const sending = part(upload, UPLOAD_PART_MAX_BYTES, bytes.subarray(UPLOAD_PART_MAX_BYTES));
    const stopped = await eventually(5_000, async () => {
      const all = await world.control<Array<{ id: string; function: string; state: string }>>('GET', '/lambda/environments');
      const busy = all.find(({ function: name, state }) => /router/i.test(name) && state === 'busy');
      if (!busy) throw new Error('No router is at work.');
      await world.control('POST', `/lambda/environments/${busy.id}/freeze`, { ms: 2_000 });
      return busy.id;
    });
    await breakSockets(world, 'Reply', 'kill');
    const { status } = await sending;

    expect(stopped).not.toBe('');
    expect(status).toBe(204);
    expect(await origin.ended('/stopped')).toBe('whole');
    expect(uploadsTo('stopped')).toMatchObject([{ sha256: digestOf(bytes) }]);
  }, 60_000);

  test('that the application does not want is told with its answer', async () => {
    const upload = await begin('refused', 8 * MEGABYTE);
    const first = await part(upload, 0, Buffer.alloc(UPLOAD_PART_MAX_BYTES));
    const response = await call('GET', `${upload}/response`);

    expect(codeOf(first)).toEqual([410, 'ERR_UPLOAD_ANSWERED']);
    expect([response.status, response.body.toString()]).toEqual([413, 'too large']);
  }, 60_000);

  test('that is cancelled breaks off at the application', async () => {
    const upload = await begin('cancelled', 8 * MEGABYTE);
    await part(upload, 0, Buffer.alloc(UPLOAD_PART_MAX_BYTES));

    const cancelled = await call('DELETE', upload);

    expect(cancelled.status).toBe(204);
    expect(await origin.ended('/cancelled')).toBe('broken');
    expect(codeOf(await part(upload, UPLOAD_PART_MAX_BYTES, Buffer.alloc(1)))).toEqual([410, 'ERR_UPLOAD_LOST']);
  }, 60_000);

  test('whose connector is replaced breaks off at the application, and its next part is told so', async () => {
    const upload = await begin('lost', 8 * MEGABYTE, 'replaced');
    await part(upload, 0, Buffer.alloc(UPLOAD_PART_MAX_BYTES));

    await replaced.restarted();
    const answer = await part(upload, UPLOAD_PART_MAX_BYTES, Buffer.alloc(UPLOAD_PART_MAX_BYTES));

    expect(codeOf(answer)).toEqual([410, 'ERR_UPLOAD_LOST']);
    expect(await origin.ended('/lost')).toBe('broken');
    expect(uploadsTo('lost')).toHaveLength(1);
  }, 60_000);
});
