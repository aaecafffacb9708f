// Ids as API Gateway writes them.
import { randomBytes, randomUUID } from 'node:crypto';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';

const letters = (length: number): string => Array.from(randomBytes(length), (byte) => LETTERS[byte % LETTERS.length]).join('');

/** `a1b2c3d4e5`: an API, a REST resource, an integration, an authorizer. */
export const newResourceId = (): string => letters(10);

/** A UUID: `x-amzn-RequestId` of a REST API. */
export const newRequestId = (): string => randomUUID();

/** `TXzPWFkkjoEF92g=`: 11 bytes, 16 characters. Extended request ids, WebSocket request ids, message ids. */
export const newExtendedId = (): string => `${randomBytes(11).toString('base64url')}=`;

/** Of the same form. */
export const newConnectionId = newExtendedId;

export const isConnectionId = (text: string): boolean => /^[A-Za-z0-9_-]{15}=$/.test(text);

/** `Root=1-<seconds, hexadecimal>-<96 random bits>` (AWS X-Ray Developer Guide, "Tracing header"). */
export const newTraceRoot = (now: number): string =>
  `1-${Math.floor(now / 1000)
    .toString(16)
    .padStart(8, '0')}-${randomBytes(12).toString('hex')}`;
