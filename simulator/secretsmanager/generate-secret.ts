// GenerateSecretString: a random text as Secrets Manager makes it ("GetRandomPassword", Secrets Manager API Reference).
import { randomInt } from 'node:crypto';
import { isRecord } from '../iam/conditions.ts';

const CLASSES = {
  ExcludeLowercase: 'abcdefghijklmnopqrstuvwxyz',
  ExcludeUppercase: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  ExcludeNumbers: '0123456789',
  ExcludePunctuation: '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~',
} as const;

const KNOWN = [
  ...Object.keys(CLASSES),
  'ExcludeCharacters',
  'PasswordLength',
  'IncludeSpace',
  'RequireEachIncludedType',
  'SecretStringTemplate',
  'GenerateStringKey',
];

/** Throws `Error` for settings that Secrets Manager refuses or the simulator does not know. */
export const generateSecretString = (settings: Readonly<Record<string, unknown>>): string => {
  const unknown = Object.keys(settings).filter((name) => !KNOWN.includes(name));
  if (unknown.length > 0) throw new Error(`GenerateSecretString.${unknown.join(', ')} is not simulated`);
  const { SecretStringTemplate: template, GenerateStringKey: key } = settings;
  if ((template === undefined) !== (key === undefined)) throw new Error('SecretStringTemplate and GenerateStringKey go together');
  const generated = generatePassword(settings);
  if (template === undefined) return generated;
  const content: unknown = JSON.parse(String(template));
  if (!isRecord(content)) throw new Error('SecretStringTemplate must be a JSON object');
  return JSON.stringify({ ...content, [String(key)]: generated });
};

const generatePassword = (settings: Readonly<Record<string, unknown>>): string => {
  const {
    PasswordLength: length = 32,
    ExcludeCharacters: excluded = '',
    IncludeSpace: space = false,
    RequireEachIncludedType: each = true,
  } = settings;
  const size = Number(length);
  if (!Number.isInteger(size) || size < 1 || size > 4096) throw new Error(`PasswordLength must be 1 to 4096, not ${length}`);
  const without = new Set(String(excluded));
  const classes = Object.entries(CLASSES)
    .filter(([setting]) => settings[setting] !== true)
    .map(([, characters]) => characters as string)
    .concat(space === true ? [' '] : [])
    .map((characters) => [...characters].filter((character) => !without.has(character)))
    .filter((characters) => characters.length > 0);
  const all = classes.flat();
  if (all.length === 0) throw new Error('GenerateSecretString excludes every character');
  const required: string[] = each === true ? classes.map(pick) : [];
  if (required.length > size) throw new Error(`PasswordLength ${size} is too short for each included type`);
  const characters = [...required, ...Array.from({ length: size - required.length }, () => pick(all))];
  for (let last = characters.length - 1; last > 0; last -= 1) {
    const other = randomInt(last + 1);
    [characters[last], characters[other]] = [characters[other] ?? '', characters[last] ?? ''];
  }
  return characters.join('');
};

const pick = (characters: readonly string[]): string => characters[randomInt(characters.length)] ?? '';
