// The suite directly, and through the whole path: the same pages, from the same server, in the same browser.
import type { Browser, BrowserContext } from 'playwright-core';
import { createAuthority } from '../../simulator/certificate.ts';
import { signInAs, startBrowser } from '../support/browser.ts';
import { startWorld, type World } from '../support/world.ts';
import { startFace } from './face.ts';
import type { TestPage } from './pages.ts';
import { runPages, type Subtest } from './run.ts';
import { ELSEWHERE, type SuiteServer } from './server.ts';

export interface Compared {
  readonly direct: readonly Subtest[];
  readonly through: readonly Subtest[];
}

export type Way = keyof Compared;

const DIRECT_HOST = 'direct.localhost';

/** All pages that come by https, or all that do not. */
export const compare = async (
  suite: Omit<SuiteServer, 'dispose'>,
  secure: boolean,
  pages: readonly TestPage[],
  tell: (way: Way, page: TestPage, results: readonly Subtest[]) => void,
): Promise<Compared> => {
  const undo: Array<() => Promise<unknown>> = [];
  const kept = <Part>(part: Part, dispose: (part: Part) => Promise<unknown>): Part => {
    undo.unshift(() => dispose(part));
    return part;
  };
  try {
    const certificate = secure ? createAuthority(Date.now()).issue(DIRECT_HOST) : undefined;
    const bare = kept(await startFace(suite, certificate), (face) => face.dispose());
    const behind = kept(await startFace(suite), (face) => face.dispose());
    const internalUrl = `http://127.0.0.1:${behind.port}/`;
    const scheme = secure ? ['--tls'] : [];
    const world = kept(await startWorld('--publish', `suite=${internalUrl}`, '--pace', 'off', ...scheme), (one) => one.dispose());
    const external = new URL(world.url('suite'));
    const externalUrl = `https://${external.hostname}/`;
    await world.apply([
      { id: 'suite', name: 'Suite', externalUrl, internalUrl, access: 'everyone', hostHeader: 'external', webSockets: 'on' },
    ]);
    bare.name(DIRECT_HOST, bare.port);
    behind.name(external.hostname, Number(external.port));

    // Other hosts than the application's are not behind the platform: its pages reach them as they are.
    const others = [ELSEWHERE, `*.${ELSEWHERE}`, `*.${external.hostname}`];
    const rules = others.map((host) => `MAP ${host}:${external.port} 127.0.0.1:${bare.port}`).join();
    const browser = kept(await startBrowser('--ignore-certificate-errors', `--host-resolver-rules=${rules}`), (one) => one.close());
    const run = (way: Way, context: BrowserContext, origin: string) =>
      runPages(context, origin, pages, (page, results) => tell(way, page, results));
    const user = await signedIn(browser, world, external.href);
    return {
      direct: await run('direct', await browser.newContext(), `${external.protocol}//${DIRECT_HOST}:${bare.port}`),
      through: await run('through', user, external.origin),
    };
  } finally {
    for (const dispose of undo) await dispose();
  }
};

const signedIn = async (browser: Browser, world: World, url: string): Promise<BrowserContext> => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(url);
  await signInAs(page, world, 'bob');
  await page.waitForURL(url);
  await page.close();
  return context;
};
