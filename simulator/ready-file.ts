// What `npm start -- --ready-file FILE` writes when all is ready: where things are, for scripts, tests and `npx sallyport --simulator FILE`.
import { renameSync, writeFileSync } from 'node:fs';

export interface ReadyFile {
  /** The portal's address, ending with `/`. */
  readonly portal: string;
  readonly applications: ReadonlyArray<{ readonly name: string; readonly url: string }>;
  readonly users: ReadonlyArray<{ readonly username: string; readonly password: string; readonly groups: readonly string[] }>;
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
  readonly connectors: ReadonlyArray<{ readonly pid: number; readonly stateDirectory: string }>;
  /** With `--tls`: the certificate to trust, PEM. */
  readonly certificate?: string;
}

/** Appears whole or not at all, and only for its owner: it holds the simulated account's keys. */
export const writeReadyFile = (path: string, ready: ReadyFile): void => {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(ready, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, path);
};
