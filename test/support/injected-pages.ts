// Pages as they are and with our script in them, side by side in frames of one browser: what each becomes there.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser } from 'playwright-core';
import { withScripts } from '../../lambdas/router/page-script.ts';
import type { Content } from '../../lambdas/router/translation/content.ts';

export interface TestPage {
  readonly body: Buffer;
  /** With its charset, where that is said. */
  readonly type: string;
}

/** What became of a page. `tree`: its document without our script, in text; `ours`: how often our script ran, before anything else. */
export interface Became {
  readonly tree: string;
  readonly ours: number;
}

const PATH = '/ours.js';
/** The page may note what ran, too. */
const OURS = 'window.ours = (window.ours || 0) + (document.querySelectorAll("body *").length === 0 && !window.ran ? 1 : 100);';

export const injected = async ({ body, type }: TestPage): Promise<Buffer> => {
  const kind: Content['kind'] = type.startsWith('text/html') ? 'html' : 'xml';
  const charset = /charset=([\w-]+)/.exec(type)?.[1] ?? null;
  const parts = (async function* () {
    yield body;
  })();
  const page = { kind, charset };
  const out: Buffer[] = [];
  for await (const part of withScripts(parts, { paths: [PATH], nonce: null, page })) out.push(part);
  return Buffer.concat(out);
};

/** Each page directly and with our script. */
export const compared = async (browser: Browser, pages: readonly TestPage[]): Promise<ReadonlyArray<readonly [Became, Became]>> => {
  const served = new Map<string, TestPage>([[PATH, { body: Buffer.from(OURS), type: 'text/javascript; charset=utf-8' }]]);
  served.set('/', { body: Buffer.from('<!doctype html><title>Frames</title>'), type: 'text/html' });
  for (const [index, page] of pages.entries()) {
    served.set(`/direct/${index}`, page);
    served.set(`/ours/${index}`, { ...page, body: await injected(page) });
  }
  const server = createServer((request, response) => {
    const page = served.get(new URL(request.url!, 'http://x').pathname);
    response.writeHead(page ? 200 : 404, { 'Content-Type': page?.type ?? 'text/plain' }).end(page?.body);
  }).listen(0, '127.0.0.1');
  try {
    await new Promise((resolve) => server.once('listening', resolve));
    const tab = await browser.newPage();
    await tab.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const became = async (way: string): Promise<Became[]> => {
      const all: Became[] = [];
      for (let at = 0; at < pages.length; at += 50) {
        const paths = pages.slice(at, at + 50).map((_, index) => `/${way}/${at + index}`);
        all.push(...((await tab.evaluate(`(${load})(${JSON.stringify(paths)}, ${JSON.stringify(PATH)})`)) as Became[]));
      }
      return all;
    };
    const [direct, ours] = [await became('direct'), await became('ours')];
    await tab.close();
    return direct.map((one, index) => [one, ours[index]!] as const);
  } finally {
    server.close();
    server.closeAllConnections();
  }
};

/** Runs in the browser. */
const load = `async (paths, ours) => {
  const told = (node) => {
    const names = node.attributes ? [...node.attributes].map(({ name, value, namespaceURI }) => [name, value, namespaceURI]) : [];
    const own = [node.nodeType, node.nodeName, node.namespaceURI, node.nodeValue, node.publicId, node.systemId, names];
    return [own, ...[...(node.content instanceof Object ? node.content : node).childNodes].map(told)];
  };
  const frames = await Promise.all(paths.map((path) => new Promise((resolve) => {
    const frame = document.createElement('iframe');
    frame.onload = () => resolve(frame);
    frame.src = path;
    document.body.append(frame);
  })));
  const became = frames.map(({ contentDocument, contentWindow }) => {
    for (const script of contentDocument.querySelectorAll('script')) if (script.getAttribute('src') === ours) script.remove();
    contentDocument.normalize();
    const tree = JSON.stringify([contentDocument.compatMode, contentDocument.characterSet, contentWindow.ran ?? null, told(contentDocument)]);
    return { tree, ours: contentWindow.ours ?? 0 };
  });
  for (const frame of frames) frame.remove();
  return became;
}`;
