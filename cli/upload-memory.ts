// Which uploads of this user are under way, so that one that was killed goes on: a file for each in the user's state directory (XDG), for
// nobody else to read. It holds the upload's address, which is worth nothing without the token that began it, and no token.
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { UPLOAD_MAX_MS } from '../protocol/limits.ts';
import { UPLOADS_PATH } from '../protocol/upload-client.ts';
import type { Environment } from './target.ts';

/** What makes it the same upload. */
export interface Fingerprint {
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
  readonly destination: string;
  readonly method: string;
  readonly type: string;
}

export interface UploadMemory {
  /** The upload's address at this origin; null where none is known. */
  recall(origin: string): Promise<string | null>;
  /** Throws where it cannot be written. */
  keep(upload: string): Promise<void>;
  forget(): Promise<void>;
}

export const createUploadMemory = (
  fingerprint: Fingerprint,
  { env, now }: { readonly env: Environment; readonly now: () => number },
): UploadMemory => {
  const folder = join(stateFolder(env), 'sallyport', 'uploads');
  const { path, size, mtimeMs, destination, method, type } = fingerprint;
  const name = createHash('sha256')
    .update(JSON.stringify([path, size, mtimeMs, destination, method, type]))
    .digest('hex');
  const file = join(folder, `${name}.json`);
  return {
    recall: async (origin) => {
      const text = await readFile(file, 'utf8').catch(() => 'null');
      const upload = uploadIn(text);
      // The token goes where this leads, so it leads nowhere else than the command was told.
      return upload?.startsWith(`${origin}${UPLOADS_PATH}/`) ? upload : null;
    },
    keep: async (upload) => {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await prune(folder, now() - UPLOAD_MAX_MS);
      // Whole or not at all, and readable by nobody else from its first moment on.
      const draft = `${file}.${process.pid}`;
      await writeFile(draft, JSON.stringify({ upload }), { mode: 0o600, flag: 'wx' });
      await rename(draft, file);
    },
    // One that stays says of an upload that it has ended, when it is asked after.
    forget: () => rm(file, { force: true }).catch(() => undefined),
  };
};

const stateFolder = ({ XDG_STATE_HOME: state, HOME: home }: Environment): string =>
  state !== undefined && isAbsolute(state) ? state : join(home ?? homedir(), '.local', 'state');

const uploadIn = (text: string): string | null => {
  try {
    const { upload } = (JSON.parse(text) ?? {}) as { upload?: unknown };
    return typeof upload === 'string' ? upload : null;
  } catch {
    return null;
  }
};

/** No upload lives for longer. */
const prune = async (folder: string, before: number): Promise<void> => {
  for (const name of await readdir(folder)) {
    const { mtimeMs } = await stat(join(folder, name)).catch(() => ({ mtimeMs: before }));
    if (mtimeMs < before) await rm(join(folder, name), { force: true });
  }
};
