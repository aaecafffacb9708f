// What a body goes through on its way: codings, charsets, parts. Each part that comes out is looked at by itself, never the clock.
import { brotliCompressSync, deflateRawSync, deflateSync, gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { translateBody } from './body.ts';
import { newReport, targetsFor, translateParts, translateText } from './testing/translated.ts';

const PAGE = '<a href="http://wiki.corp:8080/x">wiki</a>';
const TRANSLATED = '<a href="https://wiki.apps.example.com/x">wiki</a>';

describe('content codings', () => {
  test.each<[string, (text: string) => Buffer]>([
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['br', brotliCompressSync],
    ['deflate', deflateSync],
    ['deflate', deflateRawSync],
  ])('%s is unpacked, wherever it is cut, and packed again where the user takes gzip', async (coding, pack) => {
    const packed = pack(PAGE);
    const bytes = Array.from(packed, (_, index) => packed.subarray(index, index + 1));

    const plain = Buffer.concat(await translateParts(bytes, { content: { codings: [coding] } }));
    const again = Buffer.concat(await translateParts([packed], { content: { codings: [coding] }, packed: true }));

    expect(plain.toString()).toBe(TRANSLATED);
    expect(gunzipSync(again).toString()).toBe(TRANSLATED);
  });

  test('an empty body is empty in every coding', async () => {
    expect(await translateParts([], { content: { codings: ['gzip'] } })).toEqual([]);
  });

  test.each([gzipSync(PAGE).subarray(0, -9), Buffer.from('no gzip')])(
    'a body that is not in the coding, or ends in its midst, is never taken for whole (%#)',
    async (body) => {
      await expect(translateParts([body], { content: { codings: ['gzip'] } })).rejects.toMatchObject({ code: 'ERR_ORIGIN_INVALID' });
    },
  );

  test('what breaks off at the origin breaks off with its own code', async () => {
    const failure = Object.assign(new Error('gone'), { code: 'ERR_ORIGIN_ABORTED' });
    const body = (async function* () {
      yield gzipSync(PAGE).subarray(0, 12);
      throw failure;
    })();
    const options = { kind: 'html', charset: null, codings: ['gzip'] } as const;

    const reading = (async () => {
      for await (const _ of translateBody(body, {
        content: options,
        scripts: false,
        data: true,
        hashed: { scripts: false, styles: false },
        targets: targetsFor(),
        report: null,
        packed: true,
        translates: true,
        finish: (plain: AsyncIterable<Buffer>) => plain,
      }));
    })();

    await expect(reading).rejects.toThrow('gone');
  });
});

describe('parts', () => {
  /** An origin that writes its next part only once the last one has come out on the other side. */
  const lockStep = async (texts: readonly string[], coding: 'gzip' | null): Promise<string[]> => {
    const { createGzip, createGunzip, constants } = await import('node:zlib');
    const pack = createGzip({ flush: constants.Z_SYNC_FLUSH });
    const seen: string[] = [];
    let arrived: () => void = () => undefined;
    const body = (async function* () {
      for (const text of texts) {
        const next = new Promise<void>((resolve) => {
          arrived = resolve;
        });
        if (coding === null) yield Buffer.from(text);
        else {
          pack.write(text);
          await new Promise((resolve) => pack.once('readable', resolve));
          yield pack.read() as Buffer;
        }
        await next;
      }
      if (coding !== null) {
        pack.end();
        await new Promise((resolve) => pack.once('readable', resolve));
        yield pack.read() as Buffer;
      }
    })();
    const unpack = createGunzip();
    const take = (part: Buffer): void => {
      seen.push(part.toString());
      arrived();
    };
    unpack.on('data', take);
    const content = { kind: 'html', charset: null, codings: coding === null ? [] : [coding] } as const;
    const options = {
      content,
      scripts: false,
      data: true,
      hashed: { scripts: false, styles: false },
      targets: targetsFor(),
      report: null,
      packed: coding !== null,
      translates: true,
      finish: (plain: AsyncIterable<Buffer>) => plain,
    };
    for await (const part of translateBody(body, options)) {
      if (part.length === 0) continue;
      if (coding === null) take(part);
      else unpack.write(part);
    }
    return seen;
  };

  test.each([null, 'gzip'] as const)('each leaves before the next is written (%s)', async (coding) => {
    const texts = ['<p>one</p>', `<p>${PAGE}</p>`, 'three', '<script>four</script>\n'];

    expect((await lockStep(texts, coding)).join('')).toBe(texts.join('').replace(PAGE, TRANSLATED));
  });

  test('of a tag that does not end, of a value or a name that does not, only so much is held', async () => {
    const endless = ['<a title="', '<a href="', '<a ', '<', '<p style="x:url(', '<a href='];
    for (const start of endless) {
      const parts = [Buffer.from(start), ...Array.from({ length: 100 }, () => Buffer.from('x'.repeat(10_000)))];
      let sent = 0;
      let received = 0;
      let most = 0;
      const body = (async function* () {
        for (const part of parts) {
          sent += part.length;
          yield part;
          most = Math.max(most, sent - received);
        }
      })();
      const content = { kind: 'html', charset: null, codings: [] } as const;
      for await (const part of translateBody(body, {
        content,
        scripts: true,
        data: true,
        hashed: { scripts: false, styles: false },
        targets: targetsFor(),
        report: null,
        packed: false,
        translates: true,
        finish: (plain: AsyncIterable<Buffer>) => plain,
      }))
        received += part.length;

      expect(received).toBe(sent);
      expect(most).toBeLessThan(200_000);
    }
  });

  test('a long tag is still translated, attribute by attribute', async () => {
    const picture = `data:image/png;base64,${'A'.repeat(300_000)}`;
    const page = (address: string) =>
      `<img src="${picture}" longdesc="${address}/x" ${'data-x="y" '.repeat(10_000)}data-src='${address}/y'><a href="${address}">`;
    const parts = Array.from({ length: 50 }, (_, index) =>
      Buffer.from(page('http://wiki.corp:8080')).subarray(index * 9_001, (index + 1) * 9_001),
    );

    const whole = await translateText(page('http://wiki.corp:8080'));
    const cut = Buffer.concat(await translateParts(parts)).toString();

    expect(whole).toBe(page('https://wiki.apps.example.com'));
    expect(cut).toBe(whole);
  });
});

describe('charsets', () => {
  const swapped = (text: string) => Buffer.from(text, 'utf16le').swap16();

  test.each<[string, string | null, Buffer, Buffer]>([
    ['UTF-16 by its mark', null, Buffer.from(`\ufeff${PAGE}`, 'utf16le'), Buffer.from(`\ufeff${TRANSLATED}`, 'utf16le')],
    ['UTF-16, the other way round, against the header', 'utf-8', swapped(`\ufeff${PAGE}`), swapped(`\ufeff${TRANSLATED}`)],
    ['UTF-16 by the header', 'UTF-16', Buffer.from(PAGE, 'utf16le'), Buffer.from(TRANSLATED, 'utf16le')],
    [
      'half a character at the end',
      'utf-16be',
      Buffer.concat([swapped(PAGE), Buffer.from([7])]),
      Buffer.concat([swapped(TRANSLATED), Buffer.from([7])]),
    ],
    [
      'Latin-1, byte by byte',
      'iso-8859-1',
      Buffer.from(`\xe9\xff${PAGE}\x80`, 'latin1'),
      Buffer.from(`\xe9\xff${TRANSLATED}\x80`, 'latin1'),
    ],
    ['what is no UTF-8 in UTF-8', 'utf-8', Buffer.from(`\xc3(${PAGE}\xff`, 'latin1'), Buffer.from(`\xc3(${TRANSLATED}\xff`, 'latin1')],
    ['Shift JIS', 'Shift_JIS', Buffer.from(`\x95\x5c${PAGE}`, 'latin1'), Buffer.from(`\x95\x5c${TRANSLATED}`, 'latin1')],
    ['one where ASCII is something else', 'iso-2022-jp', Buffer.from(PAGE), Buffer.from(PAGE)],
    ['one that nobody knows is as good as none', 'x-nobody', Buffer.from(PAGE), Buffer.from(TRANSLATED)],
    ['UTF-8 by its mark, against the header', 'utf-16', Buffer.from(`\ufeff${PAGE}`), Buffer.from(`\ufeff${TRANSLATED}`)],
    ['UTF-16 by its XML declaration', null, swapped(`<?xml version="1.0"?>${PAGE}`), swapped(`<?xml version="1.0"?>${TRANSLATED}`)],
    ['a single byte', null, Buffer.from('x'), Buffer.from('x')],
  ])('%s', async (_, charset, body, expected) => {
    const bytes = Array.from(body, (_byte, index) => body.subarray(index, index + 1));

    expect(Buffer.concat(await translateParts([body], { content: { charset } }))).toEqual(expected);
    expect(Buffer.concat(await translateParts(bytes, { content: { charset } }))).toEqual(expected);
  });

  test.each([
    ['<meta charset=iso-2022-jp>', false],
    ['<meta http-equiv=content-type content="text/html; charset=ISO-2022-JP">', false],
    ['<meta charset=utf-16>', true],
    ['<meta charset=windows-1252>', true],
  ])('a page that says %s of itself', async (meta, translated) => {
    expect(await translateText(meta + PAGE)).toBe(meta + (translated ? TRANSLATED : PAGE));
  });
});

test('what is only reported leaves as it came, and is told of', async () => {
  const report = newReport();
  const page = `${PAGE}<a href="http://wiki.corp:8080/y?secret=1"><a href="http://files.corp/z"><a href="https://example.org/"><script>x="http://intra.corp/hr/a"</script>`;

  const out = await translateText(page, { report, scripts: false });

  expect(out).toBe(page);
  expect(report.targets()).toEqual([
    {
      target: 'http://wiki.corp:8080',
      published: 'wiki',
      count: 2,
      places: { markup: 2 },
      examples: ['http://wiki.corp:8080/x', 'http://wiki.corp:8080/y'],
    },
    { target: 'http://files.corp', published: null, count: 1, places: { markup: 1 }, examples: ['http://files.corp/z'] },
    { target: 'http://intra.corp', published: 'hr', count: 1, places: { scripts: 1 }, examples: ['http://intra.corp/hr/a'] },
  ]);
});

describe('what is asked of the directory', () => {
  test('nothing for a page without absolute links; once for each authority', async () => {
    const targets = targetsFor();
    await translateText('<a href="/x"><img src="y.png"><form action="?z">', { targets });
    const before = [...targets.asked];

    await translateText(
      `${PAGE}<a href="https://wiki.corp:8080/"><a href="http://intra.corp:80/"><svg xmlns="http://www.w3.org/2000/svg"><script>"http://www.w3.org/"</script>`,
      { targets },
    );

    expect(before).toEqual([]);
    expect(targets.asked).toEqual(['wiki.corp:8080', 'intra.corp']);
  });

  test('a page that names very many is translated as far as the bound goes', async () => {
    const targets = targetsFor();
    const many = Array.from({ length: 500 }, (_, index) => `<a href="http://host-${index}.example/">`).join('');

    const out = await translateText(many + PAGE, { targets });

    expect(targets.asked).toHaveLength(100);
    expect(out).toBe(many + PAGE);
  });

  test('a directory that fails leaves links as they are', async () => {
    const targets = targetsFor({ publishedAt: () => Promise.reject(new Error('busy')) });

    expect(await translateText(`${PAGE}<a href="http://own.corp:8000/x">`, { targets })).toBe(
      `${PAGE}<a href="https://own.apps.example.com/x">`,
    );
  });
});
