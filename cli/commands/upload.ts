// `sallyport upload FILE URL`: a program's request to an application with a file as its body, of any size. It needs no AWS credentials but a
// token, which it takes from the environment or a file, never from an argument. One that was killed goes on when it is asked for again.
import { open, realpath } from 'node:fs/promises';
import { Agent, type Dispatcher, request } from 'undici';
import { isErrorCode, SallyportError } from '../../protocol/errors.ts';
import {
  beginUpload,
  bringParts,
  offsetOf,
  type SendUpload,
  TUS_VERSION,
  UPLOADS_PATH,
  type UploadBegun,
  type UploadClientPorts,
  UploadRefused,
} from '../../protocol/upload-client.ts';
import { checkNoCredentials, tokenOf } from '../program-token.ts';
import type { Environment } from '../target.ts';
import { createUploadMemory, type UploadMemory } from '../upload-memory.ts';

export interface UploadOptions {
  readonly method?: string;
  readonly type?: string;
  readonly 'token-header'?: string;
  /** Begins anew, whatever is known of one that was interrupted. */
  readonly restart?: boolean;
}

export interface UploadPorts {
  readonly env: Environment;
  readonly say: (line: string) => void;
  /** What it tells besides the application's answer. */
  readonly complain: (line: string) => void;
  readonly now: () => number;
}

const VERSION = { 'Tus-Resumable': TUS_VERSION };
const LOOPBACK = { address: '127.0.0.1', family: 4 } as const;

/** What is wrong with what was given, if anything. */
export const uploadFault = ({ method = 'POST' }: UploadOptions): string | null =>
  /^[A-Z]{1,20}$/.test(method) ? null : '--method is a method as POST or PUT.';

/** Answers whether the application has taken it. Throws with a code. */
export const upload = async (file: string, address: string, options: UploadOptions, ports: UploadPorts): Promise<boolean> => {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) throw invalid(`${address} is no URL of an application.`);
  checkNoCredentials(url);
  const token = await tokenOf(ports.env);
  const { method = 'POST', type = 'application/octet-stream', 'token-header': header = 'Authorization' } = options;
  const handle = await open(file).catch((cause: unknown) => {
    throw new SallyportError('ERR_CONFIGURATION_INVALID', `${file} cannot be read.`, { cause });
  });
  const dispatcher = createDispatcher(url);
  const common = { [header]: `Bearer ${token}` };
  try {
    const { size, mtimeMs } = await handle.stat();
    const fingerprint = { path: await realpath(file), size, mtimeMs, destination: url.href, method, type };
    const memory = createUploadMemory(fingerprint, ports);
    const send = sendingWith(dispatcher, common);
    const sending = { send, pause: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)), checkGone: () => {} };
    const told = { method, target: url.pathname + url.search, headers: [['Content-Type', type]], length: size } as const;
    const known = (await resumed(sending, memory, url.origin, options, ports)) ?? (await begun(sending, memory, url.origin, told, ports));
    await forgetting(memory, async () => {
      const source = {
        length: size,
        slice: async (from: number, to: number) => {
          const { buffer, bytesRead } = await handle.read(Buffer.alloc(to - from), 0, to - from, from);
          if (bytesRead < to - from) throw invalid(`${file} has become shorter while it was sent.`);
          return buffer;
        },
        progress: (bytes: number) => ports.complain(`${bytes} of ${size} bytes`),
      };
      await bringParts(sending, known.upload, source, known.offset);
    });
    const { statusCode, body } = await request(`${known.upload}/response`, { dispatcher, headers: common });
    // It is told once.
    await memory.forget();
    ports.complain(`The application answered ${statusCode}.`);
    const text = await body.text();
    if (text !== '') ports.say(text);
    return statusCode < 400;
  } catch (error) {
    if (!(error instanceof UploadRefused)) throw error;
    throw new SallyportError(isErrorCode(error.code) ? error.code : 'ERR_SERVICE_UNREACHABLE', error.message);
  } finally {
    await Promise.all([handle.close(), dispatcher.destroy()]);
  }
};

interface Known {
  readonly upload: string;
  readonly offset: number;
}

const isGone = (error: unknown): boolean => error instanceof UploadRefused && (error.status === 404 || error.status === 410);

/** An upload that is gone is not asked for again. */
const forgetting = async <Value>(memory: UploadMemory, work: () => Promise<Value>): Promise<Value> => {
  try {
    return await work();
  } catch (error) {
    if (isGone(error)) await memory.forget();
    throw error;
  }
};

/** The upload that was interrupted, and how far it is; null where there is none any more. */
const resumed = async (
  sending: UploadClientPorts<Buffer>,
  memory: UploadMemory,
  origin: string,
  { restart = false }: UploadOptions,
  { complain }: UploadPorts,
): Promise<Known | null> => {
  const upload = await memory.recall(origin);
  if (upload === null) return null;
  if (restart) {
    // The application's request breaks off now, not when it is given up.
    await sending.send('DELETE', upload, VERSION).catch(() => undefined);
    await memory.forget();
    return null;
  }
  try {
    const offset = await forgetting(memory, () => offsetOf(sending, upload));
    complain(`It goes on at ${offset ?? 'where it stood'}${offset === null ? '' : ' bytes'}.`);
    return { upload, offset: offset ?? 0 };
  } catch (error) {
    if (!isGone(error)) throw error;
    complain('The upload that was interrupted has ended meanwhile: it begins anew.');
    return null;
  }
};

const begun = async (
  sending: UploadClientPorts<Buffer>,
  memory: UploadMemory,
  origin: string,
  told: UploadBegun,
  { complain }: UploadPorts,
): Promise<Known> => {
  const upload = await beginUpload(sending, origin + UPLOADS_PATH, told);
  await memory.keep(upload).catch((error: unknown) => {
    complain(`Interrupted, it could not go on: its state cannot be kept (${error instanceof Error ? error.message : String(error)}).`);
  });
  return { upload, offset: 0 };
};

const sendingWith =
  (dispatcher: Dispatcher, common: Readonly<Record<string, string>>): SendUpload<Buffer> =>
  async (method, url, headers, part) => {
    const {
      statusCode,
      headers: answered,
      body,
    } = await request(url, {
      dispatcher,
      method: method as Dispatcher.HttpMethod,
      headers: { ...common, ...headers },
      body: part ?? null,
    });
    const text = await body.text();
    return { status: statusCode, header: (name) => [answered[name] ?? []].flat()[0] ?? null, text: async () => text };
  };

/** Names below `localhost` are this machine's (RFC 6761 §6.3), which not every resolver knows: a running simulator has such. */
const createDispatcher = ({ hostname }: URL): Agent => {
  // An origin takes a part as slowly as it likes, within the application's own time.
  const patient = { headersTimeout: 0, bodyTimeout: 0 };
  if (!hostname.endsWith('.localhost')) return new Agent(patient);
  return new Agent({
    ...patient,
    connect: { lookup: (_host, options, done) => (options.all ? done(null, [LOOPBACK]) : done(null, LOOPBACK.address, LOOPBACK.family)) },
  });
};

const invalid = (message: string): SallyportError => new SallyportError('ERR_CONFIGURATION_INVALID', message);
