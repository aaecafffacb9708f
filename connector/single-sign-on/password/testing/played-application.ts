// For tests: applications that know users by name and password, behind the method as the connector has it.
import { CompactEncrypt, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';
import type { HeaderList } from '../../../../protocol/frames.ts';
import type { PasswordSignOn, SignInForm } from '../../../../protocol/sign-on.ts';
import { ownerOf, readVaultKey, type SealedCredentials, vaultKeyText } from '../../../../protocol/vault.ts';
import type { CallOrigin, OriginAnswer, OriginCall } from '../../../ports.ts';
import { ManualClock } from '../../../testing/manual-clock.ts';
import { signingOn } from '../../sign-on.ts';
import { passwordMethod } from '../password.ts';
import { createVault } from '../vault.ts';

export const PASSWORDS: Readonly<Record<string, string>> = { alice: 'of alice', bob: 'of bob' };
export const FORM: SignInForm = { page: '/login', usernameField: null, passwordField: null, success: null, failure: null };

const { privateKey } = await generateKeyPair('ECDH-ES', { crv: 'P-256', extractable: true });
export const VAULT_JWK: JWK = await exportJWK(privateKey);
const TEXT = vaultKeyText({ x: VAULT_JWK.x!, y: VAULT_JWK.y! });
export const VAULT_KEY = readVaultKey(TEXT)!;

/** As the command seals; the browser's own sealing is tested with a browser. */
export const seal = async (credentials: Partial<SealedCredentials>): Promise<string> =>
  new CompactEncrypt(
    new TextEncoder().encode(JSON.stringify({ application: 'wiki', owner: null, username: 'alice', password: 'of alice', ...credentials })),
  )
    .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', kid: VAULT_KEY.id })
    .encrypt(await importJWK({ ...VAULT_KEY.jwk }, 'ECDH-ES'));

export interface Heard {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly cookie: string | undefined;
  readonly fields: HeaderList;
  readonly body: string;
}

export interface Said {
  readonly status: number;
  readonly headers?: HeaderList;
  readonly body?: string | AsyncIterable<Uint8Array>;
}

export const OWNER = (name: string): string => ownerOf({ issuer: 'https://idp', subject: name });

/** `answer`: what the application says to a request. */
export const playing = (answer: (heard: Heard) => Said | Promise<Said>) => {
  const heard: Heard[] = [];
  const clock = new ManualClock();
  const callOrigin: CallOrigin = async (call) => {
    const field = (name: string) =>
      call.headers
        .filter(([known]) => known.toLowerCase() === name)
        .map(([, value]) => value)
        .join(' and ') || undefined;
    const one = {
      method: call.method,
      path: call.path,
      authorization: field('authorization'),
      cookie: field('cookie'),
      fields: call.headers,
      body: call.body instanceof Uint8Array ? Buffer.from(call.body).toString() : '',
    };
    heard.push(one);
    const { status, headers = [], body = '' } = await Promise.race([answer(one), aborted(call.signal)]);
    return { status, headers, body: typeof body === 'string' ? once(body) : body };
  };
  const open = createVault(new Map([[VAULT_KEY.id, VAULT_JWK]]));
  const call = signingOn(callOrigin, { password: passwordMethod({ open, callOrigin, clock }) });
  const ask = (
    signOn: Partial<PasswordSignOn> & Pick<PasswordSignOn, 'sealed'>,
    changes: Partial<OriginCall> = {},
  ): Promise<OriginAnswer> =>
    call({
      method: 'GET',
      origin: 'http://wiki.corp',
      path: '/',
      headers: [['Host', 'wiki.corp']],
      body: null,
      verifyCertificate: true,
      loopbackAllowed: false,
      signal: new AbortController().signal,
      connected: () => undefined,
      ...changes,
      signOn: { method: 'password', application: 'wiki', owner: null, session: 'one', form: null, ...signOn },
    });
  return {
    heard,
    clock,
    ask,
    attempts: () => heard.filter(({ authorization, body }) => authorization?.startsWith('Basic ') || /pass/.test(body)).length,
  };
};

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));

async function* once(text: string): AsyncGenerator<Uint8Array> {
  if (text !== '') yield Buffer.from(text);
}

export const textOf = async ({ body }: OriginAnswer): Promise<string> => {
  let text = '';
  for await (const chunk of body) text += Buffer.from(chunk).toString();
  return text;
};

export const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'none',
    (error: { code?: string; message: string }) => error.code ?? error.message,
  );

/** Asks for Basic, and says whom it knows. */
export const basicApplication = (passwords: Readonly<Record<string, string>> = PASSWORDS) => {
  const credentials = Object.entries(passwords).map(([name, password]) => [name, `Basic ${btoa(`${name}:${password}`)}`] as const);
  return ({ path, authorization }: Heard): Said => {
    if (path.startsWith('/public')) return { status: 200, body: 'everybody' };
    const [known] = credentials.find(([, field]) => field === authorization) ?? [];
    if (known !== undefined && !path.startsWith('/admin')) return { status: 200, body: known };
    return { status: 401, headers: [['WWW-Authenticate', 'Basic realm="wiki"']], body: 'Unauthorised' };
  };
};

export const PAGE = `<form method="post" action="/session?lang=en&amp;x=1"><input type=hidden name=csrf value="t&amp;k">
<input name=user><input type=password name=pass><input type=checkbox name=stay value=1 checked><button name=go value=in>Go</button></form>`;

/** With a sign-in page, a token that counts once, and sessions by cookie. */
export const formApplication = (changes: (heard: Heard) => Said | null = () => null) => {
  const sessions = new Map<string, string>();
  const tokens = new Set<string>();
  let counted = 0;
  const answer = (heard: Heard): Said => {
    const { method, path, cookie = '', body } = heard;
    const other = changes(heard);
    if (other !== null) return other;
    const known = sessions.get(/sid=(\w+)/.exec(cookie)?.[1] ?? '');
    const page = (): string => {
      counted += 1;
      tokens.add(`t&k${counted}`);
      return PAGE.replace('t&amp;k', `t&amp;k${counted}`);
    };
    if (path === '/login') {
      return {
        status: 200,
        headers: [
          ['Content-Type', 'text/html'],
          ['Set-Cookie', 'before=1; Path=/'],
        ],
        body: page(),
      };
    }
    if (path.startsWith('/session')) {
      const form = new URLSearchParams(body);
      const name = form.get('user') ?? '';
      const good = tokens.delete(form.get('csrf') ?? '') && cookie.includes('before=1') && PASSWORDS[name] === form.get('pass');
      if (!good) return { status: 200, headers: [['Content-Type', 'text/html; charset=utf-8']], body: `Wrong. ${page()}` };
      const sid = `s${sessions.size + 1}`;
      sessions.set(sid, name);
      return {
        status: 302,
        headers: [
          ['Location', '/home'],
          ['Set-Cookie', `sid=${sid}; Path=/; HttpOnly`],
        ],
      };
    }
    if (known === undefined) return { status: 302, headers: [['Location', `/login?next=${path}`]] };
    return {
      status: 200,
      headers: [
        ['Content-Type', 'text/html'],
        ['Set-Cookie', 'seen=1; Path=/'],
      ],
      body: `${known} by ${method}`,
    };
  };
  return { answer, sessions };
};
