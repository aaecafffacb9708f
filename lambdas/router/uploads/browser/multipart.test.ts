// A form's data as we send it, read again by a parser that we did not write.
import { expect, test } from '@jest/globals';
import { multipart, newBoundary } from './multipart.ts';

const readAgain = (blob: Blob): Promise<FormData> => new Response(blob, { headers: { 'Content-Type': blob.type } }).formData();

test('every field and file is read again as it was, in order', async () => {
  const data = new FormData();
  data.append('title', 'Grüße');
  data.append('file', new File([new Uint8Array([0, 13, 10, 255])], 'a "b".bin', { type: 'video/mp4' }));
  data.append('title', '');
  data.append('empty', new File([], ''));

  const again = [...(await readAgain(multipart(data, newBoundary())))];

  expect(again.map(([name, value]) => [name, typeof value === 'string' ? value : [value.type, value.size]])).toEqual([
    ['title', 'Grüße'],
    ['file', ['video/mp4', 4]],
    ['title', ''],
    ['empty', ['application/octet-stream', 0]],
  ]);
  const [, file] = again[1]!;
  expect(new Uint8Array(await (file as File).arrayBuffer())).toEqual(new Uint8Array([0, 13, 10, 255]));
});

test('names and values are written as the standard has it: line breaks as CRLF, in names encoded', async () => {
  const data = new FormData();
  data.append('a"\nb', 'one\ntwo\rthree\r\nfour');

  expect(await multipart(data, 'x').text()).toBe(
    '--x\r\nContent-Disposition: form-data; name="a%22%0D%0Ab"\r\n\r\none\r\ntwo\r\nthree\r\nfour\r\n--x--\r\n',
  );
});

test('the boundary that the type names is the one that is written', async () => {
  const boundary = newBoundary();
  const blob = multipart(new FormData(), boundary);

  expect(blob.type).toBe(`multipart/form-data; boundary=${boundary}`);
});
