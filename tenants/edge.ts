// A CDN in front of the deployment: `edge` of the tenant file.
import { z } from 'zod';
import type { Condition } from '../policy/condition.ts';
import { foldName, isToken } from '../protocol/headers.ts';
import { ORIGIN_TIMEOUT_MAX_MS } from '../protocol/limits.ts';
import { isMap, type LocatedFault, pathText } from './faults.ts';
import { optional, readLine, setting } from './settings.ts';

export interface Edge {
  /** The field with the secret by which the CDN proves itself. */
  readonly secretHeader: string;
  /** SHA-256 of each secret that is good, in hexadecimal digits. */
  readonly secretDigests: readonly string[];
  readonly addressHeader: string;
  /** Null when it does not tell. */
  readonly countryHeader: string | null;
  /** Seconds that it waits for a byte; null: as long as we do. */
  readonly readTimeout: number | null;
}

/** Fields that say something else, and that applications need. */
const OTHERS: ReadonlySet<string> = new Set(['host', 'cookie', 'authorization', 'forwarded', 'x-forwarded-for', 'origin', 'referer']);

const readName = (value: unknown): string | undefined => {
  const name = readLine(64)(value);
  return name !== undefined && isToken(name) && !OTHERS.has(foldName(name)) ? name : undefined;
};

const readWait = (value: unknown): number | undefined =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= ORIGIN_TIMEOUT_MAX_MS / 1000 ? (value as number) : undefined;

/** Of an `edge` that nobody has checked yet. */
export const readTimeoutIn = (edge: unknown): number | null => readWait(isMap(edge) ? edge.readTimeout : undefined) ?? null;

const readDigests = (value: unknown): readonly string[] | undefined =>
  Array.isArray(value) && value.length > 0 && value.length <= 2 && value.every((digest) => /^[0-9a-f]{64}$/.test(String(digest)))
    ? value.map(String)
    : undefined;

export const edgeSettings = z
  .strictObject(
    {
      secretHeader: setting('the name of a header field', 'Write for example X-Edge-Secret.', readName),
      secretDigests: setting(
        'one or two SHA-256 digests in lower-case hexadecimal digits, in quotes',
        'Make a secret with openssl rand -hex 32, and its digest with openssl dgst -sha256.',
        readDigests,
      ),
      addressHeader: setting('the name of a header field', 'Write for example CloudFront-Viewer-Address.', readName),
      countryHeader: optional<string | null>(null, 'the name of a header field', 'Write for example CloudFront-Viewer-Country.', readName),
      readTimeout: optional<number | null>(
        null,
        `whole seconds up to ${ORIGIN_TIMEOUT_MAX_MS / 1000}`,
        'It is how long the CDN waits for a byte of its origin: 30 at CloudFront if nobody changed it.',
        readWait,
      ),
    },
    { error: 'a map with secretHeader, secretDigests and addressHeader' },
  )
  .refine(
    ({ secretHeader, addressHeader, countryHeader }) => {
      const names = [secretHeader, addressHeader, ...(countryHeader === null ? [] : [countryHeader])].map(foldName);
      return new Set(names).size === names.length;
    },
    { error: 'a field of its own for each of them', params: { advice: 'No field can hold two things.' } },
  );

/** Conditions that ask for a country which nobody tells: they would deny everyone. */
export const countryFaults = (
  applications: ReadonlyArray<{ readonly conditions: readonly Condition[] }>,
  edge: Edge | undefined,
): LocatedFault[] => {
  if (edge !== undefined && edge.countryHeader !== null) return [];
  return applications.flatMap(({ conditions }, application) =>
    conditions.flatMap(({ require, refuse }, index) => {
      const asks = [require, refuse].some((side) => side?.countries !== undefined || side?.when?.includes('request.country') === true);
      const at = ['applications', application, 'conditions', index];
      const advice = 'Set edge.countryHeader, where a CDN in front tells it, or ask for something else.';
      return asks ? [{ at, path: pathText(at), expected: 'no country, since nobody tells it', got: 'one', advice }] : [];
    }),
  );
};
