// `sallyport upload` against a service that is played: what it remembers of an upload that was interrupted, and what it makes of that.
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { UPLOAD_MAX_MS } from '../../protocol/limits.ts';
import { main } from '../main.ts';

const TOKEN = 'sallyport_secret';
let folder: string;
let server: Server;
let address: string;
/** How its response is; 403: it refuses parts, as one does that is told later. */
let answers: number;
let asked: string[];
let uploads: Map<string, number>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-upload-'));
  writeFileSync(join(folder, 'file'), 'abcdef');
  asked = [];
  answers = 201;
  uploads = new Map();
  server = createServer(async (request, response) => {
    let bytes = 0;
    for await (const chunk of request) bytes += (chunk as Buffer).length;
    const { method = '', url = '' } = request;
    asked.push(`${method} ${url}`);
    if (method === 'POST') {
      const path = `/.sallyport/uploads/u${uploads.size}`;
      uploads.set(path, 0);
      return void response.writeHead(201, { Location: path }).end();
    }
    if (url.endsWith('/response')) return void response.writeHead(answers).end('stored');
    const offset = uploads.get(url);
    if (offset === undefined) return void response.writeHead(410).end(JSON.stringify({ code: 'ERR_UPLOAD_LOST' }));
    if (method === 'DELETE') uploads.delete(url);
    // As when a command is interrupted: refused for good, but the upload is there.
    if (method === 'PATCH' && answers === 403) return void response.writeHead(403).end(JSON.stringify({ code: 'ERR_ACCESS_DENIED' }));
    if (method === 'PATCH') uploads.set(url, offset + bytes);
    response.writeHead(method === 'HEAD' ? 200 : 204, { 'Upload-Offset': String(uploads.get(url) ?? 0) }).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true, force: true });
});

const state = () => join(folder, 'state', 'sallyport', 'uploads');
const upload = async (...options: string[]) => {
  const said: string[] = [];
  const say = (line: string) => void said.push(line);
  const env = { SALLYPORT_TOKEN: TOKEN, XDG_STATE_HOME: join(folder, 'state') };
  const status = await main(['upload', join(folder, 'file'), `${address}/in`, ...options], { env, say, complain: say });
  return { status, said: said.join('\n') };
};
const interrupted = async () => {
  answers = 403;
  await upload();
  answers = 201;
  asked.length = 0;
};

test('one that was interrupted goes on where it stood; what is kept of it is its user’s alone, and no token', async () => {
  await interrupted();
  uploads.set('/.sallyport/uploads/u0', 4);
  const [file = ''] = readdirSync(state());
  const kept = { mode: statSync(join(state(), file)).mode & 0o777, folder: statSync(state()).mode & 0o777 };
  const text = readFileSync(join(state(), file), 'utf8');

  const { status, said } = await upload();

  expect(kept).toEqual({ mode: 0o600, folder: 0o700 });
  expect(text).not.toContain(TOKEN);
  expect([status, said]).toEqual([0, expect.stringContaining('It goes on at 4 bytes.')]);
  expect(asked).toEqual(['HEAD', 'PATCH', 'GET'].map((method) => `${method} /.sallyport/uploads/u0${method === 'GET' ? '/response' : ''}`));
  expect(uploads.get('/.sallyport/uploads/u0')).toBe(6);
  expect(readdirSync(state())).toEqual([]);
});

test('one that has ended meanwhile begins anew, and says so', async () => {
  await interrupted();
  uploads.delete('/.sallyport/uploads/u0');

  const { status, said } = await upload();

  expect([status, said]).toEqual([0, expect.stringContaining('it begins anew')]);
  expect(asked.slice(0, 2)).toEqual(['HEAD /.sallyport/uploads/u0', 'POST /.sallyport/uploads']);
});

test('--restart breaks the interrupted one off and begins anew', async () => {
  await interrupted();

  expect((await upload('--restart')).status).toBe(0);
  expect(asked.slice(0, 2)).toEqual(['DELETE /.sallyport/uploads/u0', 'POST /.sallyport/uploads']);
});

test.each<[string, () => unknown, string[]]>([
  ['the file has changed', () => utimesSync(join(folder, 'file'), 1, 1), []],
  ['the request is another', () => undefined, ['--method', 'PUT']],
])('it is another upload when %s', async (_, change, options) => {
  await interrupted();
  change();

  await upload(...options);

  expect(asked[0]).toBe('POST /.sallyport/uploads');
});

test.each([
  ['is of another host', '{"upload":"https://evil.example/.sallyport/uploads/u0"}'],
  ['leads to another path', '{"upload":"ORIGIN/in"}'],
  ['is not whole', '{"upl'],
  ['is empty', 'null'],
])('a state that %s is not believed: the token goes nowhere else', async (_, text) => {
  await interrupted();
  const [file = ''] = readdirSync(state());
  writeFileSync(join(state(), file), text.replace('ORIGIN', address));

  expect((await upload()).status).toBe(0);
  expect(asked[0]).toBe('POST /.sallyport/uploads');
});

test('where no state can be kept it goes up all the same, and says so', async () => {
  mkdirSync(join(folder, 'state'));
  writeFileSync(join(folder, 'state', 'sallyport'), 'a file where a folder would be');

  const { status, said } = await upload();

  expect([status, said]).toEqual([0, expect.stringContaining('its state cannot be kept')]);
});

test('states that no upload can have any more are removed', async () => {
  await interrupted();
  const [file = ''] = readdirSync(state());
  const old = (Date.now() - UPLOAD_MAX_MS) / 1000 - 60;
  utimesSync(join(state(), file), old, old);

  await upload('--method', 'PUT');

  expect(readdirSync(state())).toEqual([]);
});
