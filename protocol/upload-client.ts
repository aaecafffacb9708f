// The client's side of an upload (docs/uploads.md), for programs and pages alike: begins it, brings its parts, and goes on where the service
// says it is, for as long as that can lead anywhere. How a request is sent, and what a part is, is passed in.
import { UPLOAD_PART_MAX_BYTES, UPLOAD_WAIT_MS } from './limits.ts';

export const UPLOADS_PATH = '/.sallyport/uploads';
export const TUS_VERSION = '1.0.0';
/** The form field by which a page has the browser itself ask for an upload's response. */
export const UPLOAD_FIELD = 'sallyport-upload';
export const PART_TYPE = 'application/offset+octet-stream';

export interface UploadAnswer {
  readonly status: number;
  header(name: string): string | null;
  text(): Promise<string>;
}

/** Throws when there is no answer. */
export type SendUpload<Part> = (
  method: string,
  url: string,
  headers: Readonly<Record<string, string>>,
  part?: Part,
) => Promise<UploadAnswer>;

export interface UploadClientPorts<Part> {
  readonly send: SendUpload<Part>;
  readonly pause: (ms: number) => Promise<void>;
  /** Throws to end the upload. */
  readonly checkGone: () => void;
}

export interface UploadBegun {
  readonly method: string;
  /** Path and query; undefined where it is asked at the target itself. */
  readonly target?: string;
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>;
  readonly length: number;
}

export interface UploadSource<Part> {
  readonly length: number;
  slice(from: number, to: number): Promise<Part> | Part;
  /** So many bytes are with the application. */
  readonly progress: (bytes: number) => void;
}

/** What the service has refused for good. */
export class UploadRefused extends Error {
  override readonly name = 'UploadRefused';
  readonly status: number;
  /** Of the error table; empty where the answer was not the service's own. */
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const VERSION = { 'Tus-Resumable': TUS_VERSION };
const PAUSES_MS = [500, 1_000, 2_000, 4_000, 8_000];
/** The connector gives up an upload of which nothing comes for longer. */
const GIVE_UP_MS = UPLOAD_WAIT_MS;

/** The address of a new upload, which is asked for at `address`. Throws UploadRefused, and what `send` throws: it may have been begun then, but nobody knows its address. */
export const beginUpload = async <Part>(
  { send }: Pick<UploadClientPorts<Part>, 'send'>,
  address: string,
  { method, target, headers, length }: UploadBegun,
  marks: Readonly<Record<string, string>> = {},
): Promise<string> => {
  const told = { method, ...(target !== undefined && { target }), headers: JSON.stringify(headers) };
  const answer = await send('POST', address, {
    ...VERSION,
    ...marks,
    'Upload-Length': String(length),
    'Upload-Metadata': Object.entries(told)
      .map(([key, value]) => `${key} ${base64(value)}`)
      .join(','),
  });
  const location = answer.header('location');
  if (answer.status !== 201 || location === null) throw await refusalOf(answer);
  return new URL(location, address).href;
};

/** Resolves when the application has the body, or has answered before that. Throws UploadRefused, and what `checkGone` throws. */
export const bringParts = async <Part>(
  ports: UploadClientPorts<Part>,
  url: string,
  source: UploadSource<Part>,
  from = 0,
): Promise<void> => {
  let offset = from;
  let failures = 0;
  let waitedMs = 0;
  while (offset < source.length) {
    ports.checkGone();
    const until = Math.min(offset + UPLOAD_PART_MAX_BYTES, source.length);
    const headers = { ...VERSION, 'Content-Type': PART_TYPE, 'Upload-Offset': String(offset) };
    const answer = await settled(ports, 'PATCH', url, headers, await source.slice(offset, until));
    if (answer?.status === 204) {
      offset = until;
      failures = 0;
      waitedMs = 0;
      source.progress(offset);
      continue;
    }
    if (answer !== null && !mayGoOn(answer.status)) {
      const refusal = await refusalOf(answer);
      if (refusal.code === 'ERR_UPLOAD_ANSWERED') return;
      throw refusal;
    }
    const pauseMs = PAUSES_MS[Math.min(failures, PAUSES_MS.length - 1)]!;
    failures += 1;
    waitedMs += pauseMs;
    if (waitedMs > GIVE_UP_MS) throw answer === null ? new UploadRefused(0, '', 'The service cannot be reached.') : await refusalOf(answer);
    await ports.pause(pauseMs);
    offset = (await offsetOf(ports, url)) ?? offset;
  }
};

/** How far an upload is. Null: it is not known. Throws UploadRefused when there is no such upload any more. */
export const offsetOf = async <Part>(ports: UploadClientPorts<Part>, url: string): Promise<number | null> => {
  const answer = await settled(ports, 'HEAD', url, VERSION);
  const told = answer?.header('upload-offset') ?? '';
  if (answer?.status === 200 && /^\d+$/.test(told)) return Number(told);
  if (answer === null || mayGoOn(answer.status)) return null;
  // The answer to HEAD has no body: what it would say is what its status says.
  throw new UploadRefused(answer.status, answer.status === 410 ? 'ERR_UPLOAD_LOST' : '', `The upload cannot go on: ${answer.status}.`);
};

/** Null when there is no answer. */
const settled = async <Part>(
  { send, checkGone }: UploadClientPorts<Part>,
  ...request: Parameters<SendUpload<Part>>
): Promise<UploadAnswer | null> => {
  try {
    return await send(...request);
  } catch {
    checkGone();
    return null;
  }
};

/** A part at the wrong place, too many at once, or a failure that may pass. */
const mayGoOn = (status: number): boolean => status === 409 || status === 429 || status >= 500;

const refusalOf = async (answer: UploadAnswer): Promise<UploadRefused> => {
  const text = await answer.text();
  try {
    const { code, title, detail } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    if (typeof code === 'string') return new UploadRefused(answer.status, code, [title, detail].filter(Boolean).join(' '));
  } catch {
    // Not the service's own words.
  }
  return new UploadRefused(answer.status, '', `The upload was refused: ${answer.status}.`);
};

const base64 = (text: string): string => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
