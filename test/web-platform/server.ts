// The suite's own server: `wpt serve` of the checkout, with the suite's own handlers for pages and for WebSockets. Python 3 is all that it needs.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SallyportError } from '../../protocol/errors.ts';
import { startChild } from '../support/child.ts';
import { freePort } from '../support/free-port.ts';

export interface SuiteServer {
  /** What its pages call it. */
  readonly host: string;
  /** Of pages and of WebSockets, without TLS, on 127.0.0.1. */
  readonly pagePort: number;
  readonly socketPort: number;
  /** All that its pages may name. */
  readonly ports: readonly number[];
  dispose(): Promise<void>;
}

/** Of the suite's other sites. */
export const ELSEWHERE = 'elsewhere.localhost';
const HOST = 'suite.localhost';
const START_MS = 60_000;

/** Throws ERR_CONFIGURATION_INVALID when `suite` is no checkout. */
export const startSuiteServer = async (suite: string): Promise<SuiteServer> => {
  if (!existsSync(join(suite, 'wpt')) || !existsSync(join(suite, 'resources/testharness.js'))) {
    throw new SallyportError(
      'ERR_CONFIGURATION_INVALID',
      `${suite} holds no web-platform-tests. Give the folder of a checkout of https://github.com/web-platform-tests/wpt.`,
    );
  }
  const [page, socket, ...others] = await freePorts(7);
  const [secondPage, secure, secondSecure, secureSocket, second] = others;
  const ports = { http: [page, secondPage], https: [secure, secondSecure], ws: [socket], wss: [secureSocket], h2: [second] };
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-suite-'));
  const config = join(folder, 'config.json');
  const names = { browser_host: HOST, alternate_hosts: { alt: ELSEWHERE }, server_host: '127.0.0.1', check_subdomains: false };
  writeFileSync(config, JSON.stringify({ ...names, ports }));
  const child = startChild('python3', ['wpt', 'serve', '--config', config], { cwd: suite });
  const dispose = async () => {
    // So it ends its own processes, too.
    await child.stop('SIGINT');
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await child.seen(new RegExp(`Starting http server on http://127.0.0.1:${page}`), START_MS);
    await child.seen(new RegExp(`Listen on: .*${socket}`), START_MS);
  } catch (error) {
    await dispose();
    throw error;
  }
  return { host: HOST, pagePort: page!, socketPort: socket!, ports: [page!, socket!, ...others], dispose };
};

const freePorts = async (count: number): Promise<number[]> => {
  const found = new Set<number>();
  while (found.size < count) found.add(await freePort());
  return [...found];
};
