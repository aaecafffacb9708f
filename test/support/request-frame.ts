// A request frame as a router might have made it.
import { randomBytes } from 'node:crypto';
import type { RequestFrame } from '../../protocol/frames.ts';

export const requestFrame = (fields: Pick<RequestFrame, 'connector' | 'url'> & Partial<RequestFrame>): RequestFrame => ({
  type: 'request',
  exchange: randomBytes(32).toString('base64url'),
  n: 0,
  application: 'files',
  user: null,
  method: 'GET',
  headers: [],
  replyTo: 'AAAAAAAAAAAAAAA=',
  issuedAt: Date.now(),
  timeoutMs: 10_000,
  verifyCertificate: true,
  hasBody: false,
  end: true,
  ...fields,
});
