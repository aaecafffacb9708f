// The sample site's guestbook: a form with a picture, kept in memory.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { asText, escaped, page } from './pages.ts';

interface Entry {
  readonly by: string;
  readonly text: string;
  readonly picture: { readonly type: string; readonly bytes: Buffer } | null;
}

const ENTRIES_MAX = 50;
const FORM_MAX_BYTES = 8 * 1024 * 1024;
/** Shown inline, so only what cannot carry a script. */
const PICTURE_TYPES: readonly string[] = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'];

export const createGuestbook = () => {
  const entries: Entry[] = [];

  const sign = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const form = await readForm(request);
    const picture = form.get('picture');
    entries.push({
      by: asText(request.headers['remote-user'] ?? 'somebody'),
      text: String(form.get('text') ?? '').slice(0, 2000),
      picture:
        typeof picture === 'object' && picture !== null && PICTURE_TYPES.includes(picture.type)
          ? { type: picture.type, bytes: Buffer.from(await picture.arrayBuffer()) }
          : null,
    });
    if (entries.length > ENTRIES_MAX) entries.shift();
    response.writeHead(303, { location: '/guestbook' }).end();
  };

  const picture = (_: IncomingMessage, response: ServerResponse, url: URL): void => {
    const found = entries[Number(url.searchParams.get('entry'))]?.picture;
    if (!found) return void response.writeHead(404).end();
    response
      .writeHead(200, { 'content-type': found.type, 'content-length': found.bytes.length, 'x-content-type-options': 'nosniff' })
      .end(found.bytes);
  };

  const guestbookPage = (): string =>
    page(
      'Guestbook',
      `<form method="post" enctype="multipart/form-data">
<label>Your words<textarea name="text" rows="3" required></textarea></label>
<label>A picture <input type="file" name="picture" accept="image/*"></label>
<button>Sign</button></form>
${entries.map(article).join('')}`,
    );

  return { sign, picture, page: guestbookPage };
};

const article = ({ by, text, picture }: Entry, index: number): string =>
  `<article><p>${escaped(text)}</p>${picture ? `<p><img src="/picture?entry=${index}" alt="Picture by ${escaped(by)}"></p>` : ''}<p>— ${escaped(by)}</p></article>`;

const readForm = async (request: IncomingMessage): Promise<FormData> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > FORM_MAX_BYTES) throw new TypeError('The form is too large.');
    chunks.push(chunk);
  }
  return new Response(Buffer.concat(chunks), { headers: { 'content-type': request.headers['content-type'] ?? '' } }).formData();
};
