import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { createProbe } from './probe.ts';

let server: Server | null = null;
afterEach(() => void server?.close());

/** A domain controller that answers the bytes, whatever is asked. */
const answering = async (answer: string): Promise<{ host: string; heard: Buffer[] }> => {
  const heard: Buffer[] = [];
  server = createServer((socket) =>
    socket.on('data', (chunk) => {
      heard.push(chunk);
      const bytes = Buffer.from(answer, 'hex');
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      // In two pieces, as TCP may.
      socket.write(length.subarray(0, 2));
      socket.end(Buffer.concat([length.subarray(2), bytes]));
    }),
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, heard };
};

/** KRB-ERROR (RFC 4120 §5.9.1) of realm X, stime 2030-01-02 03:04:05, KDC_ERR_PREAUTH_REQUIRED. */
const PREAUTH_REQUIRED =
  '7e3d303ba003020105a10302011ea411180f32303330303130323033303430355aa505020301e240a603020119a9031b0158aa0b3009a003020102a1023000';

test('asks for a ticket of the account, and reads the time and the answer', async () => {
  const { host, heard } = await answering(PREAUTH_REQUIRED);

  const probed = await createProbe(5_000)(host, 'svc@CORP.EXAMPLE');

  expect(probed).toEqual({ time: Date.UTC(2030, 0, 2, 3, 4, 5), error: 25 });
  expect(heard[0]!.readUInt32BE(0)).toBe(heard[0]!.length - 4);
  expect(heard[0]!.toString('latin1')).toMatch(/svc.*CORP\.EXAMPLE.*krbtgt.*CORP\.EXAMPLE/s);
});

test.each([
  ['', 'not Kerberos'],
  ['485454502f312e31', 'not Kerberos'],
  ['7e84ffffffff', 'not Kerberos'],
])('an answer of %j is told as what it is', async (answer, message) => {
  const { host } = await answering(answer);

  await expect(createProbe(5_000)(host, 'svc@CORP.EXAMPLE')).rejects.toThrow(message);
});

test('nobody there', async () => {
  await expect(createProbe(5_000)('127.0.0.1:1', 'svc@CORP.EXAMPLE')).rejects.toThrow('ECONNREFUSED');
});

test('somebody there who closes without a word', async () => {
  server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');

  await expect(createProbe(5_000)(`127.0.0.1:${(server.address() as AddressInfo).port}`, 'svc@CORP.EXAMPLE')).rejects.toThrow(
    'closes the connection without an answer',
  );
});
