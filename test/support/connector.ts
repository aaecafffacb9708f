// The bundled connector as an administrator starts it, with a folder and a code of its own.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { control } from './administrator.ts';
import { built } from './built.ts';
import { type Child, startChild } from './child.ts';
import { type LogLine, parseLog } from './logs.ts';
import type { World } from './world.ts';

export interface ConnectorOptions {
  readonly code?: string;
  /** Origins that it may call. */
  readonly allow?: readonly string[];
  /** Since when its clock is an hour behind. */
  readonly clockWrongFrom?: 'start' | 'SIGUSR2';
  /** Further variables of its environment. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Another build of it. @default dist/connector.mjs */
  readonly program?: string;
}

export interface ConnectorHome {
  /** The state directory. */
  readonly folder: string;
  start(options?: ConnectorOptions): Child;
  /** What the connector has kept: nothing before it is enrolled. */
  kept(): string[];
  dispose(): void;
}

export const createConnectorHome = (): ConnectorHome => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-connector-'));
  const clock = new URL('./wrong-clock.mjs', import.meta.url).href;
  return {
    folder,
    start: ({ code, allow = [], clockWrongFrom, variables = {}, program = built('connector.mjs') }: ConnectorOptions = {}) => {
      const preload = clockWrongFrom === undefined ? [] : ['--import', clock];
      const settings = ['--state-directory', folder, '--health-address', 'off', ...allow.flatMap((origin) => ['--allow', origin])];
      return startChild(process.execPath, [...preload, program, ...settings], {
        env: {
          ...process.env,
          NODE_OPTIONS: '--no-warnings',
          ...(code === undefined ? {} : { SALLYPORT_ENROLMENT_CODE: code }),
          ...(clockWrongFrom === undefined ? {} : { CLOCK_WRONG_FROM: clockWrongFrom }),
          ...variables,
        },
      });
    },
    kept: () => readdirSync(folder),
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  };
};

export interface OwnConnector {
  readonly child: Child;
  readonly log: () => LogLine[];
  dispose(): Promise<void>;
}

/** Enrols in a group and starts; resolves when its tunnel is open. */
export const startConnector = async (
  world: World,
  group: string,
  allow: readonly string[],
  options: Pick<ConnectorOptions, 'program' | 'variables'> = {},
): Promise<OwnConnector> => {
  const home = createConnectorHome();
  const child = home.start({ code: (await control(world).issueCode(group)).code, allow, ...options });
  await child.seen(/tunnel\.open/);
  return {
    child,
    log: () => parseLog(child.output()),
    dispose: async () => {
      // Nobody is left whom it could drain for.
      await child.stop('SIGKILL');
      home.dispose();
    },
  };
};
