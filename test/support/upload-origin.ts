// An application that takes uploads of any size and remembers what they were, without keeping them.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from './eventually.ts';

export interface Upload {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  bytes: number;
  /** Hexadecimal; of what came, whether or not it was all. */
  sha256: string;
  /** The same of the one file of a form. */
  fileSha256: string | null;
  /** What of the form's data stands around the file. */
  fields: string;
  /** How it ended: null while it goes on. */
  ended: 'whole' | 'broken' | null;
}

export interface UploadOrigin {
  /** Ends with `/`. `/slow…` is read once it is released; `/refused` is answered 413 at once, `/moved` with a redirect to `done`. Beside that, `pages`. */
  readonly url: string;
  readonly uploads: readonly Upload[];
  /** Those to this path and query. */
  to(path: string): readonly Upload[];
  /** Resolves with how the one to this path has ended. */
  ended(path: string): Promise<Exclude<Upload['ended'], null>>;
  /** Lets `/slow…` be read. */
  release(): void;
  dispose(): Promise<void>;
}

/** What follows the file is held back: its boundary, and a few short fields. */
const REST_MAX_BYTES = 1024;

/** Digest of the one file in a form's data, as it comes. */
const fileDigest = (type: string) => {
  const [, boundary] = /^multipart\/form-data; boundary=(.+)$/.exec(type) ?? [];
  if (boundary === undefined) return null;
  const hash = createHash('sha256');
  let held = Buffer.alloc(0);
  let before: string | null = null;
  return {
    push: (chunk: Buffer): void => {
      held = Buffer.concat([held, chunk]);
      if (before === null) {
        const named = held.indexOf('filename="');
        const start = named < 0 ? -1 : held.indexOf('\r\n\r\n', named);
        if (start < 0) return;
        before = held.subarray(0, start).toString();
        held = held.subarray(start + 4);
      }
      const settled = Math.max(0, held.length - REST_MAX_BYTES);
      hash.update(held.subarray(0, settled));
      held = held.subarray(settled);
    },
    end: () => {
      const after = held.indexOf(`\r\n--${boundary}`);
      const fileSha256 = hash.update(held.subarray(0, Math.max(0, after))).digest('hex');
      return { fileSha256, fields: `${before}${held.subarray(after)}` };
    },
  };
};

export const startUploadOrigin = async (
  pages: Readonly<Record<string, { readonly html: string; readonly headers?: Readonly<Record<string, string>> }>> = {},
): Promise<UploadOrigin> => {
  const uploads: Upload[] = [];
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });

  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url = '', headers } = request;
    const upload: Upload = { method, url, headers, bytes: 0, sha256: '', fileSha256: null, fields: '', ended: null };
    uploads.push(upload);
    if (url.startsWith('/refused')) {
      response.writeHead(413, { connection: 'close' }).end('too large');
      return;
    }
    const hash = createHash('sha256');
    const file = fileDigest(headers['content-type'] ?? '');
    try {
      if (url.startsWith('/slow')) await released;
      for await (const chunk of request as AsyncIterable<Buffer>) {
        hash.update(chunk);
        file?.push(chunk);
        upload.bytes += chunk.length;
      }
      upload.ended = 'whole';
    } catch {
      upload.ended = 'broken';
    }
    upload.sha256 = hash.digest('hex');
    Object.assign(upload, file?.end());
    if (url.startsWith('/moved')) {
      response.writeHead(303, { location: 'done?from=form' }).end();
      return;
    }
    const { bytes, sha256 } = upload;
    response.writeHead(201, { 'content-type': 'application/json', 'x-taken': String(bytes) }).end(JSON.stringify({ bytes, sha256 }));
  };

  const server = createServer((request, response) => {
    const page = request.method === 'GET' ? pages[request.url ?? ''] : undefined;
    if (page !== undefined) response.writeHead(200, { 'content-type': 'text/html', ...page.headers }).end(page.html);
    else if (request.method === 'GET') response.end('ok');
    else take(request, response).catch(() => response.destroy());
  });
  const to = (path: string) => uploads.filter(({ url }) => url === path);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    uploads,
    to,
    ended: (path) =>
      eventually(10_000, () => {
        const [{ ended = null } = {}] = to(path);
        if (ended === null) throw new Error(`The upload to ${path} goes on.`);
        return ended;
      }),
    release: () => release(),
    dispose: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
};
