import { describe, expect, test } from '@jest/globals';
import { type ErrorCode, SallyportError } from '../../protocol/errors.ts';
import type { HeaderList } from '../../protocol/frames.ts';
import type { KerberosSignOn } from '../../protocol/sign-on.ts';
import { systemClock } from '../clock.ts';
import type { Ticket, TicketAsk } from '../kerberos/kerberos.ts';
import type { OriginAnswer, OriginCall } from '../ports.ts';
import { RequestBody } from '../request-body.ts';
import { kerberosMethod } from './kerberos.ts';
import { ntlmMethod } from './ntlm.ts';
import { signingOn } from './sign-on.ts';

const ALICE: KerberosSignOn = { method: 'kerberos', service: 'HTTP/app', identity: 'alice', sendOn: 'request', proof: 'checked' };

interface Heard {
  readonly authorization: string | undefined;
  readonly of: string | undefined;
  readonly body: string;
}

/** What the application says to each request in turn. */
const world = (...answers: Array<{ status: number; headers?: HeaderList; body?: string } | Error>) => {
  const heard: Heard[] = [];
  const asked: TicketAsk[] = [];
  const ended: string[] = [];
  /** What verifying an answer's token comes to. */
  const verdicts = new Map<string, boolean | ErrorCode>([['good', true]]);
  let cached = true;
  const ticket = async (ask: TicketAsk): Promise<Ticket> => {
    asked.push(ask);
    const number = asked.length;
    return {
      header: `Negotiate token${number}`,
      ticket: number,
      cached,
      close: () => ended.push(`closed ${number}`),
      verify: async (token) => {
        ended.push(`verified ${number}`);
        const verdict = verdicts.get(token) ?? false;
        if (typeof verdict === 'string') throw new SallyportError(verdict);
        return verdict;
      },
    };
  };
  const origin = async (call: OriginCall): Promise<OriginAnswer> => {
    const answer = answers[heard.length];
    const body = call.body instanceof Uint8Array ? call.body : await collect(call.body ?? empty());
    const authorization = call.headers.filter(([name]) => /^authorization$/i.test(name)).map(([, value]) => value);
    heard.push({ authorization: authorization.join(' and ') || undefined, of: call.connection?.of, body: Buffer.from(body).toString() });
    if (answer === undefined) throw new Error('The application was not to be asked again.');
    if (answer instanceof Error) throw answer;
    return { status: answer.status, headers: answer.headers ?? [], body: once(answer.body ?? '') };
  };
  const call = signingOn(origin, { kerberos: kerberosMethod({ ticket }), ntlm: ntlmMethod(systemClock) });
  const request = {
    method: 'GET',
    origin: 'http://app.corp',
    path: '/',
    headers: [['Authorization', 'Basic planted']],
    body: null,
    verifyCertificate: true,
    loopbackAllowed: false,
    signal: new AbortController().signal,
    connected: () => undefined,
  } satisfies OriginCall;
  return {
    heard,
    asked,
    ended,
    verdicts,
    fresh: () => {
      cached = false;
    },
    ask: (user: Partial<KerberosSignOn> = {}, changes: Partial<OriginCall> = {}) =>
      call({ ...request, ...changes, signOn: { ...ALICE, ...user } } as OriginCall),
    plain: () => call(request),
  };
};

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
async function* empty(): AsyncGenerator<Uint8Array> {}
const collect = async (body: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
};

const asks = (token = ''): HeaderList => [['WWW-Authenticate', `Negotiate ${token}`.trim()]];
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'none',
    (error: { code?: string; message: string }) => error.code ?? error.message,
  );

describe('with the request', () => {
  test('a ticket is sent, alone; the proof is checked and not passed on; nothing is left open', async () => {
    const { ask, heard, ended } = world({ status: 200, headers: [...asks('good'), ['X-App', '1']] });

    const answer = await ask();

    expect(heard).toMatchObject([{ authorization: 'Negotiate token1' }]);
    expect(answer).toMatchObject({ status: 200, headers: [['X-App', '1']] });
    expect(ended).toEqual(['verified 1']);
  });

  test('each user has connections of their own at each application', async () => {
    const { ask, heard, plain } = world({ status: 200 }, { status: 200 }, { status: 200 }, { status: 200 }, { status: 200 });

    await ask();
    await ask({ identity: 'bob' });
    await ask({ service: 'HTTP/other' });
    await ask();
    await plain();
    const [alice, bob, other, again, nobody] = heard.map(({ of }) => of);

    expect(new Set([alice, bob, other, nobody]).size).toBe(4);
    expect(again).toBe(alice);
    expect(nobody).toBeUndefined();
  });

  test('an answer without a proof is taken, or refused where one is required', async () => {
    const lenient = world({ status: 200 });
    const strict = world({ status: 200 });

    expect(await lenient.ask()).toMatchObject({ status: 200 });
    expect(await codeOf(strict.ask({ proof: 'required' }))).toBe('ERR_KERBEROS_REFUSED');
    expect([lenient.ended, strict.ended]).toEqual([['closed 1'], ['closed 1']]);
  });

  test('a wrong proof is refused, required or not', async () => {
    const { ask, verdicts } = world({ status: 200, headers: asks('bad') });
    verdicts.set('bad', 'ERR_KERBEROS_REFUSED');

    expect(await codeOf(ask())).toBe('ERR_KERBEROS_REFUSED');
  });

  test('a ticket from memory that is refused is replaced once, and the body is sent again', async () => {
    const { ask, heard, asked, verdicts } = world({ status: 401, headers: asks('old') }, { status: 200, headers: asks('good') });
    verdicts.set('old', 'ERR_KERBEROS_REFUSED');
    const body = new RequestBody(() => undefined, true);
    body.push(Buffer.from('upl'));
    body.push(Buffer.from('oad'));
    body.end();

    const answer = await ask({}, { method: 'POST', body });

    expect(answer.status).toBe(200);
    expect(heard.map((request) => [request.authorization, request.body])).toEqual([
      ['Negotiate token1', 'upload'],
      ['Negotiate token2', 'upload'],
    ]);
    expect(asked.map(({ stale }) => stale)).toEqual([undefined, 1]);
  });

  test.each([
    ['the second one too', { fresh: false, code: 'ERR_KERBEROS_REFUSED', requests: 2 }],
    ['one that was fetched for this request', { fresh: true, code: 'ERR_KERBEROS_REFUSED', requests: 1 }],
    ['for its time, which another would not change', { fresh: false, code: 'ERR_KERBEROS_CLOCK', requests: 1 }],
  ] as const)('refused is %s: the code is told and the application is left alone', async (_, { fresh, code, requests }) => {
    const { ask, heard, verdicts, fresh: allFresh } = world({ status: 401, headers: asks('no') }, { status: 401, headers: asks('no') });
    verdicts.set('no', code);
    if (fresh) allFresh();

    expect(await codeOf(ask())).toBe(code);
    expect(heard).toHaveLength(requests);
  });

  test('a 401 that asks for something else is the application’s own', async () => {
    const { ask, ended } = world({ status: 401, headers: [['WWW-Authenticate', 'Negotiator x, Basic realm="Negotiate"']] });

    expect(await ask()).toMatchObject({ status: 401 });
    expect(ended).toEqual(['closed 1']);
  });

  test('an application that cannot be reached leaves nothing open', async () => {
    const { ask, ended } = world(new SallyportError('ERR_ORIGIN_UNREACHABLE'));

    expect(await codeOf(ask())).toBe('ERR_ORIGIN_UNREACHABLE');
    expect(ended).toEqual(['closed 1']);
  });
});

describe('on the application’s challenge', () => {
  test('the first request has no ticket; the second one has', async () => {
    const { ask, heard } = world(
      { status: 401, headers: [['WWW-Authenticate', 'Basic realm="x", Negotiate']], body: 'x'.repeat(100_000) },
      { status: 200, headers: asks('good') },
    );

    expect(await ask({ sendOn: 'challenge' })).toMatchObject({ status: 200 });
    expect(heard.map(({ authorization }) => authorization)).toEqual([undefined, 'Negotiate token1']);
  });

  test.each([200, 403])('an answer of %i is passed on, and no ticket is fetched', async (status) => {
    const { ask, asked } = world({ status, headers: asks() });

    expect(await ask({ sendOn: 'challenge' })).toMatchObject({ status });
    expect(asked).toEqual([]);
  });
});

test('a call without single sign-on is a call as ever', async () => {
  const { plain, heard, asked } = world({ status: 401, headers: asks() });

  expect(await plain()).toMatchObject({ status: 401 });
  expect(heard).toMatchObject([{ authorization: 'Basic planted' }]);
  expect(asked).toEqual([]);
});
