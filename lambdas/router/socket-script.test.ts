import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import type { HeaderList } from '../../protocol/frames.ts';
import type { Application } from '../stores/records.ts';
import type { CanonicalRequest } from './canonical-request.ts';
import { withScriptSources } from './page-policy.ts';
import { createSocketScript, withSource } from './socket-script.ts';

const collect = async (parts: AsyncIterable<Buffer>): Promise<string> => {
  let text = '';
  for await (const part of parts) text += part.toString();
  return text;
};
async function* inParts(text: string, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < text.length; at += size) yield Buffer.from(text.slice(at, at + size));
}

describe('a worker’s script', () => {
  test('has ours before it', async () => {
    expect(await collect(withSource(inParts('work()', 3), 'ours()'))).toBe('ours();\nwork()');
  });
});

describe('pages that get it', () => {
  const ask = (dest: string, more: HeaderList = []) =>
    ({ method: 'GET', host: 'app', headers: [['Sec-Fetch-Dest', dest], ...more] }) as unknown as CanonicalRequest;
  const application = (pages: 'auto' | 'on' | 'off') => ({ webSockets: { pages, maxAgeMs: 1, idleMs: 1 } }) as unknown as Application;
  const page = { status: 200, headers: [['Content-Type', 'text/html']] as HeaderList };
  const script = {
    status: 200,
    headers: [
      ['Content-Type', 'text/javascript'],
      ['Content-Encoding', 'gzip'],
    ] as HeaderList,
  };
  const first = (text: string | Buffer) => async () => Buffer.from(text as string);

  test('are all, none, or those that name WebSockets', async () => {
    const { carrier } = createSocketScript(() => '');

    expect(await carrier(application('on'), ask('document'), page, first('<p>'))).toBe('page');
    expect(await carrier(application('off'), ask('document'), page, first('new WebSocket()'))).toBeNull();
    expect(await carrier(application('auto'), ask('document'), page, first('<p>'))).toBeNull();
    expect(await carrier(application('auto'), ask('iframe'), page, first('new WebSocket("/x")'))).toBe('page');
  });

  test('are all of a host whose script was seen to name them, packed or not', async () => {
    const { carrier } = createSocketScript(() => '');

    expect(await carrier(application('auto'), ask('script'), script, first(gzipSync('let s = new WebSocket(u)')))).toBeNull();

    expect(await carrier(application('auto'), ask('document'), page, first('<p>'))).toBe('page');
    for (const worker of ['worker', 'sharedworker', 'serviceworker'])
      expect(await carrier(application('auto'), ask(worker), script, first(''))).toBe('worker');
  });

  test('are those that a browser shows: no fetched fragment, no download, no failure', async () => {
    const { carrier } = createSocketScript(() => '');
    const download = { status: 200, headers: [...page.headers, ['Content-Disposition', 'attachment']] as HeaderList };

    expect(await carrier(application('on'), ask('empty'), page, first(''))).toBeNull();
    expect(await carrier(application('on'), ask('document'), download, first(''))).toBeNull();
    expect(await carrier(application('on'), ask('document'), { ...page, status: 404 }, first(''))).toBeNull();
  });
});

describe('a content security policy gets what is needed and no more', () => {
  const SCRIPT = 'https://app.example.com/.sallyport/socket.js';
  const OWN = 'https://app.example.com/.sallyport/';
  const REPLY = 'wss://reply.example.com';
  const allowed = (policy: string) => withScriptSources([['Content-Security-Policy', policy]], SCRIPT, [REPLY])[0]![1];

  test.each([
    ["frame-ancestors 'none'", "frame-ancestors 'none'"],
    ["script-src 'self'", "script-src 'self'"],
    ["default-src 'self'", `default-src 'self'; connect-src 'self' ${REPLY}`],
    ["default-src 'none'", `default-src 'none'; script-src ${SCRIPT}; connect-src ${OWN} ${REPLY}`],
    [
      "script-src 'nonce-abc' 'strict-dynamic'; connect-src 'self' wss:",
      "script-src 'nonce-abc' 'strict-dynamic'; connect-src 'self' wss:",
    ],
    ['script-src https://cdn.example; connect-src *', `connect-src *; script-src https://cdn.example ${SCRIPT}`],
  ])('%s', (policy, wanted) => {
    expect(allowed(policy)).toBe(wanted);
  });
});
