// What `npm start -- --ready-file FILE` writes when all is ready: where things are, for scripts, tests and `npx sallyport --simulator FILE`.
import { accessSync, constants, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { SallyportError } from '../protocol/errors.ts';

export interface ReadyFile {
  /** The portal's address, ending with `/`. */
  readonly portal: string;
  readonly applications: ReadonlyArray<{ readonly name: string; readonly url: string }>;
  readonly users: ReadonlyArray<{
    readonly username: string;
    readonly email: string;
    readonly password: string;
    readonly groups: readonly string[];
  }>;
  /** What AWS would bill so far, as JSON. */
  readonly meter: string;
  /** The simulator's own interface: faults, sockets, environments, logs. */
  readonly control: string;
  readonly identityProvider: string;
  /** Base URL of the deployment's control API, called with AWS signatures. */
  readonly controlApi: string;
  readonly region: string;
  readonly administrator: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Where AWS SDK clients find the simulator. */
  readonly awsEndpoint: string;
  readonly connectors: ReadonlyArray<{ readonly pid: number; readonly stateDirectory: string; readonly logFile: string }>;
  /** With `--tls`: the certificate to trust, PEM. */
  readonly certificate?: string;
}

/** Appears whole or not at all, and only for its owner: it holds the simulated account's keys. */
export const writeReadyFile = (path: string, ready: ReadyFile): void => {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(ready, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, path);
};

/** Takes away what an earlier start left there. Throws ERR_CONFIGURATION_INVALID when the file could not be written later on. */
export const prepareReadyFile = (path: string): void => {
  try {
    rmSync(path, { force: true });
    accessSync(dirname(path), constants.W_OK);
  } catch (cause) {
    throw invalid(`--ready-file ${path} cannot be written (${(cause as Error).message}). Make its folder, or choose another.`, cause);
  }
};

/** Throws ERR_CONFIGURATION_INVALID when it is not there, or not a ready file. */
export const readReadyFile = (path: string): ReadyFile => {
  let ready: Partial<ReadyFile> | null;
  try {
    ready = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw invalid(
      `--ready-file ${path} cannot be read (${(cause as Error).message}). It is there while this runs: npm start -- --ready-file ${path}`,
      cause,
    );
  }
  if (!ready?.portal || !ready.applications || !ready.control) {
    throw invalid(`--ready-file ${path} is another file: npm start -- --ready-file FILE writes the one that is meant.`);
  }
  return ready as ReadyFile;
};

const invalid = (message: string, cause?: unknown) => new SallyportError('ERR_CONFIGURATION_INVALID', message, { cause });
