// Applications as the template carries them to the directory's function: text that one can read, or packed where they are many.
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Application } from '../lambdas/stores/records.ts';

/** JSON, or where that in JSON is longer than `maxBytes` the same as gzip in base64. */
export const packApplications = (applications: readonly Application[], maxBytes: number): string => {
  const text = JSON.stringify(applications);
  return Buffer.byteLength(JSON.stringify(text)) <= maxBytes ? text : gzipSync(text).toString('base64');
};

/** What was packed, parsed. Throws what gunzip or JSON throw. */
export const unpackApplications = (text: string): unknown =>
  // Base64 has no bracket.
  JSON.parse(text.startsWith('[') ? text : gunzipSync(Buffer.from(text, 'base64')).toString());
