// Editors that live in a page, as WordPress' blocks do: the page's own address leads to us, and what is opened and saved is stored as it was.
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import type { Translation } from '../stores/records.ts';
import { application, HOST } from './testing/records.ts';
import { createRig } from './testing/rig.ts';

const INTERNAL = 'http://wiki.internal:8080';
const EXTERNAL = `https://${HOST}`;
const ROOT = '/wp-json/';
const POST = '/wp-json/wp/v2/posts/1';
/** What people write: in blocks' settings, links, text, with and without escapes, and an external address that somebody has pasted. */
const RAW = `<!-- wp:image {"url":"${INTERNAL}/a.png","link":"${INTERNAL.replaceAll('/', '\\/')}\\/b"} -->
<p><img src='${INTERNAL}/a.png'/> <a href="${INTERNAL}/x?a=1&amp;b=2">${INTERNAL}/x</a> at ${INTERNAL} and <a href=${EXTERNAL}/y>y</a></p>`;

/** As PHP writes it. */
const json = (value: unknown): string => JSON.stringify(value).replaceAll('/', '\\/');

/** A store with one post, an editor's page that holds it already, and the editor's calls. */
const createBlog = (scripts: Translation['scripts']) => {
  const rig = createRig();
  const stored = { raw: RAW };
  rig.applications[0] = application({ translation: { headers: true, links: 'on', scripts } });
  const post = () => ({ id: 1, link: `${INTERNAL}/?p=1`, content: { raw: stored.raw, rendered: stored.raw } });
  const page = () =>
    `<!doctype html><script>settings.root(${json(`${INTERNAL}${ROOT}`)});settings.preload(${json({ [POST]: { body: post() } })})</script>` +
    `<script src="${INTERNAL}/editor.js"></script><p id=e data-root="${INTERNAL}${ROOT}" data-post="${RAW.replaceAll('&', '&amp;').replaceAll('"', '&quot;')}">`;
  const told: Readonly<Record<string, () => readonly [type: string, body: string]>> = {
    '/edit': () => ['text/html', page()],
    '/editor.js': () => ['text/javascript', `load("${INTERNAL}${ROOT}block-types");`],
    [POST]: () => ['application/json', json(post())],
  };
  rig.behaviours.set('tunnel-a=', ({ frame, payload }, reply) => {
    if (frame.type !== 'request') return;
    const { pathname } = new URL(frame.url);
    if (frame.method === 'PUT') stored.raw = JSON.parse(payload.toString()).content;
    const [type, body] = told[pathname]!();
    reply(
      { type: 'response', exchange: frame.exchange, n: 0, status: 200, headers: [['Content-Type', type]], end: true },
      Buffer.from(body),
    );
  });
  const cookie = rig.signIn();
  const get = async (path: string, dest: string): Promise<string> =>
    (await rig.answer({ path, headers: { Cookie: [cookie], 'Sec-Fetch-Dest': [dest] } })).body().toString();
  const save = (content: string) =>
    rig.answer({
      httpMethod: 'PUT',
      path: POST,
      headers: { Cookie: [cookie], 'Content-Type': ['application/json'] },
      body: json({ content }),
    });
  return { stored, get, save };
};

const opened = async (blog: ReturnType<typeof createBlog>) => {
  const page = await blog.get('/edit', 'document');
  const found: { root: string; preloaded: Record<string, { body: { link: string; content: { raw: string } } }> } = {
    root: '',
    preloaded: {},
  };
  const settings = {
    root: (root: string) => {
      found.root = root;
    },
    preload: (all: typeof found.preloaded) => {
      found.preloaded = all;
    },
  };
  runInNewContext(/<script>(.*?)<\/script>/s.exec(page)![1]!, { settings });
  return { page, ...found };
};

describe('with `scripts: without-data`', () => {
  test('an editor’s own addresses lead to us, in its page, its scripts and its settings', async () => {
    const blog = createBlog('without-data');
    const { page, root, preloaded } = await opened(blog);

    expect(root).toBe(`${EXTERNAL}${ROOT}`);
    expect(preloaded[POST]!.body.link).toBe(`${EXTERNAL}/?p=1`);
    expect(page).toContain(`src="${EXTERNAL}/editor.js"`);
    expect(page).toContain(`data-root="${EXTERNAL}${ROOT}"`);
    expect(await blog.get('/editor.js', 'script')).toBe(`load("${EXTERNAL}${ROOT}block-types");`);
  });

  test.each(['that the page holds', 'that it fetches'])('a post %s is stored as it was when it is opened and saved', async (from) => {
    const blog = createBlog('without-data');
    const { preloaded } = await opened(blog);
    const fetched = JSON.parse(await blog.get(POST, 'empty')).content.raw;

    await blog.save(from === 'that it fetches' ? fetched : preloaded[POST]!.body.content.raw);

    expect(blog.stored.raw).toBe(RAW);
  });

  test('what a page’s attributes hold of it stays, too', async () => {
    const { page } = await opened(createBlog('without-data'));

    expect(/data-post="([^"]*)"/.exec(page)![1]!.replaceAll('&quot;', '"').replaceAll('&amp;', '&')).toBe(RAW);
  });
});

test('with `scripts: true` it comes back with external addresses: that is for pages that send nothing back', async () => {
  const blog = createBlog(true);

  await blog.save(JSON.parse(await blog.get(POST, 'empty')).content.raw);

  expect(blog.stored.raw).not.toContain(INTERNAL);
});
