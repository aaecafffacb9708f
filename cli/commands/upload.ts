// `sallyport upload FILE URL`: a program's request to an application with a file as its body, of any size. It needs no AWS credentials but a
// token, which it takes from the environment or a file, never from an argument.
import { open, stat } from 'node:fs/promises';
import { Agent, type Dispatcher, request } from 'undici';
import { isErrorCode, SallyportError } from '../../protocol/errors.ts';
import { beginUpload, bringParts, type SendUpload, UploadRefused } from '../../protocol/upload-client.ts';
import { tokenOf } from '../program-token.ts';
import type { Environment } from '../target.ts';

export interface UploadOptions {
  readonly method?: string;
  readonly type?: string;
  readonly 'token-header'?: string;
}

export interface UploadPorts {
  readonly env: Environment;
  readonly say: (line: string) => void;
  /** What it tells besides the application's answer. */
  readonly complain: (line: string) => void;
}

const LOOPBACK = { address: '127.0.0.1', family: 4 } as const;

/** What is wrong with what was given, if anything. */
export const uploadFault = ({ method = 'POST' }: UploadOptions): string | null =>
  /^[A-Z]{1,20}$/.test(method) ? null : '--method is a method as POST or PUT.';

/** Answers whether the application has taken it. Throws with a code. */
export const upload = async (file: string, address: string, options: UploadOptions, ports: UploadPorts): Promise<boolean> => {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) throw invalid(`${address} is no URL of an application.`);
  const token = await tokenOf(ports.env);
  const { method = 'POST', type = 'application/octet-stream', 'token-header': header = 'Authorization' } = options;
  const { size } = await stat(file).catch((cause: unknown) => {
    throw new SallyportError('ERR_CONFIGURATION_INVALID', `${file} cannot be read.`, { cause });
  });
  const handle = await open(file);
  const dispatcher = createDispatcher(url);
  const common = { [header]: `Bearer ${token}` };
  try {
    const send = sendingWith(dispatcher, common);
    const told = { method, target: url.pathname + url.search, headers: [['Content-Type', type]], length: size } as const;
    const upload = await beginUpload({ send }, url.origin, told);
    await bringParts({ send, pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)), checkGone: () => {} }, upload, {
      length: size,
      slice: async (from, to) => {
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(to - from), 0, to - from, from);
        if (bytesRead < to - from) throw invalid(`${file} has become shorter while it was sent.`);
        return buffer;
      },
      progress: (bytes) => ports.complain(`${bytes} of ${size} bytes`),
    });
    const { statusCode, body } = await request(`${upload}/response`, { dispatcher, headers: common });
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
