// A frame as an item of the answers' table, and back. Names are short and the payload is bytes, deflated where that makes it smaller, because a
// write unit is one kilobyte of all that.
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';

/** Partition and sort key, and the time to live. */
export const KEYS = { exchange: 'e', number: 'n', expires: 't' } as const;

/** Long enough for any reader; the deletion is free. */
const KEPT_S = 900;

export const exchangeOf = (frame: string): string => (JSON.parse(frame.slice(0, frame.indexOf('\n'))) as { exchange: string }).exchange;

/** `number`: which write of its exchange it is. */
export const itemOf = (frame: string, number: number, nowMs: number): Record<string, AttributeValue> => {
  const [head = '', text = '', seal = ''] = frame.split('\n');
  return {
    [KEYS.exchange]: { S: exchangeOf(frame) },
    [KEYS.number]: { N: String(number) },
    [KEYS.expires]: { N: String(Math.floor(nowMs / 1000) + KEPT_S) },
    h: { S: head },
    ...(text !== '' && payloadOf(Buffer.from(text, 'base64'))),
    s: { S: seal },
  };
};

/** `z` deflated, `p` as it is. The connector has compressed already what saves a message; here each kilobyte counts. */
const payloadOf = (payload: Buffer): Record<string, AttributeValue> => {
  const deflated = deflateRawSync(payload, { level: constants.Z_BEST_SPEED });
  return deflated.length < payload.length ? { z: { B: deflated } } : { p: { B: payload } };
};

export interface Answer {
  readonly number: number;
  readonly frame: string;
}

export const answerIn = (item: Record<string, AttributeValue>): Answer => {
  const { h, p, z, s } = item;
  const payload = z?.B ? inflateRawSync(z.B) : Buffer.from(p?.B ?? []);
  return { number: Number(item[KEYS.number]?.N), frame: [h?.S, payload.toString('base64'), s?.S].join('\n') };
};
