// An application's icon in the portal: one or two letters, an emoji, or a small picture. A picture's file stands beside the tenant file and
// travels within the settings as a `data:` URL, so that the control API gets it as a deployment does.
import { readFileSync, statSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import { isMap } from './faults.ts';
import { withoutComments } from './xml-comments.ts';

/** All pictures of a tenant travel in one property of the stack, which holds 120 KB. */
export const ICON_MAX_BYTES = 4096;
export const ICON_WORDS = `one or two letters, an emoji, or the path of a PNG or SVG file of ${ICON_MAX_BYTES} bytes at most, below the folder of this file`;

const TYPES = { png: 'image/png', svg: 'image/svg+xml' } as const;
const PICTURE = /^data:(image\/png|image\/svg\+xml);base64,([A-Za-z0-9+/]+={0,2})$/;
const PNG_SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
/** An emoji of several people is one character to its reader and eleven to a program. */
const LETTERS_MAX_UNITS = 32;
const letters = new Intl.Segmenter('en', { granularity: 'grapheme' });

export const readIcon = (value: unknown): string | undefined => {
  if (typeof value !== 'string') return undefined;
  return isLetters(value) || isPicture(value) ? value : undefined;
};

/** The parsed file with the pictures in place of their paths. A path that leads to none stays, and is a fault of its setting. */
export const withPictures = (value: unknown, folder: string): unknown =>
  isMap(value) && Array.isArray(value.applications)
    ? { ...value, applications: value.applications.map((entry) => withPicture(entry, folder)) }
    : value;

const withPicture = (entry: unknown, folder: string): unknown => {
  const [, ending] = (isMap(entry) && typeof entry.icon === 'string' && /\.(png|svg)$/i.exec(entry.icon)) || [];
  if (!isMap(entry) || ending === undefined) return entry;
  const file = resolve(folder, String(entry.icon));
  if (!file.startsWith(resolve(folder) + sep)) return entry;
  const bytes = readSmall(file);
  if (bytes === null) return entry;
  return { ...entry, icon: `data:${TYPES[ending.toLowerCase() as keyof typeof TYPES]};base64,${bytes.toString('base64')}` };
};

const readSmall = (file: string): Buffer | null => {
  const found = statSync(file, { throwIfNoEntry: false });
  return found?.isFile() && found.size <= ICON_MAX_BYTES ? readFileSync(file) : null;
};

const isLetters = (text: string): boolean =>
  text.length <= LETTERS_MAX_UNITS && !/[\p{Cc}\s]/u.test(text) && [1, 2].includes([...letters.segment(text)].length);

/** What it says to be. Pages show it as an image, where no script of an SVG runs (SVG Integration, "secure static mode"). */
const isPicture = (text: string): boolean => {
  const [, type, base64 = ''] = PICTURE.exec(text) ?? [];
  const bytes = Buffer.from(base64, 'base64');
  if (type === undefined || bytes.length > ICON_MAX_BYTES || bytes.toString('base64') !== base64) return false;
  return type === TYPES.png
    ? bytes.subarray(0, PNG_SIGNATURE.length).equals(PNG_SIGNATURE)
    : /^\uFEFF?\s*(?:<(?:\?xml|!DOCTYPE)[^>]*>\s*)*<svg[\s>]/.test(withoutComments(bytes.toString('utf8')));
};
