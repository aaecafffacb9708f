// A user's program: HTTP to the world's hosts (which Node does not resolve everywhere), with or without a session.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Agent, type Dispatcher, request } from 'undici';
import { ROOT } from './files.ts';
import { slowness } from './patience.ts';
import type { World } from './world.ts';

const SIGN_IN_MS = 60_000;

const LOOPBACK = { address: '127.0.0.1', family: 4 } as const;
const dispatcher = new Agent({
  connect: { lookup: (_host, options, done) => (options.all ? done(null, [LOOPBACK]) : done(null, LOOPBACK.address, LOOPBACK.family)) },
  headersTimeout: 120_000,
  bodyTimeout: 120_000,
});

export interface Answer {
  readonly status: number;
  readonly headers: Dispatcher.ResponseData['headers'];
  readonly body: Buffer;
}

export interface UserProgram {
  /** One request; redirects are not followed. */
  fetch(
    url: string,
    options?: { method?: Dispatcher.HttpMethod; headers?: Record<string, string>; body?: string | Buffer },
  ): Promise<Answer>;
  /** The same, with the body as a stream. */
  open(url: string, headers?: Record<string, string>, left?: AbortSignal): Promise<Dispatcher.ResponseData>;
}

export const stranger: UserProgram = userProgram({});

/** Signs in as `npm run sign-in` does, through the real pages. */
export const signIn = async (world: World, username: string, application: string): Promise<UserProgram> =>
  userProgram({ cookie: await sessionCookie(world, username, application) });

/** The value of a `Cookie` field. */
export const sessionCookie = async (world: World, username: string, application: string): Promise<string> => {
  const args = [
    '--import',
    'tsx',
    'simulator/sign-in.ts',
    '--ready-file',
    world.readyFile,
    '--user',
    username,
    '--application',
    application,
  ];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT, timeout: Math.ceil(SIGN_IN_MS * slowness()) });
  return stdout.trim().replace(/^Cookie:\s*/i, '');
};

function userProgram(common: Record<string, string>): UserProgram {
  const send = (
    url: string,
    method: Dispatcher.HttpMethod,
    headers: Record<string, string>,
    body?: string | Buffer,
    signal?: AbortSignal,
  ) => request(url, { dispatcher, method, headers: { ...common, ...headers }, body, signal });
  return {
    fetch: async (url, { method = 'GET', headers = {}, body } = {}) => {
      const response = await send(url, method, headers, body);
      return { status: response.statusCode, headers: response.headers, body: Buffer.from(await response.body.arrayBuffer()) };
    },
    open: (url, headers = {}, left) => send(url, 'GET', headers, undefined, left),
  };
}
