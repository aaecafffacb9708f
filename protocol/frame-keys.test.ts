import { expect, test } from '@jest/globals';
import { decode, encode, type FrameKey } from './codec.ts';
import { connectorSide, serviceSide } from './frame-keys.ts';
import type { Frame } from './frames.ts';

const secret = new Uint8Array(32).fill(7);
const [connector, service] = [connectorSide(secret), serviceSide(secret)];
const frame: Frame = { type: 'body', exchange: 'e'.repeat(43), n: 1, end: true };

const opens = (text: string, key: FrameKey): FrameKey | string => {
  try {
    return decode(text, () => key).key;
  } catch (error) {
    return (error as { code: string }).code;
  }
};

test('what one side sealed opens at the other, and is forged where it comes back', () => {
  expect(opens(encode(frame, service), connector)).toBe(connector);
  expect(opens(encode(frame, connector), service)).toBe(service);
  expect(opens(encode(frame, service), service)).toBe('ERR_FRAME_FORGED');
  expect(opens(encode(frame, connector), connector)).toBe('ERR_FRAME_FORGED');
});

test('the secret itself opens nothing of theirs, and they nothing that it sealed', () => {
  for (const side of [connector, service]) {
    expect(opens(encode(frame, side), secret)).toBe('ERR_FRAME_FORGED');
    expect(opens(encode(frame, secret), side)).toBe('ERR_FRAME_FORGED');
  }
});

test('a connector’s keys are of its own secret', () => {
  expect(opens(encode(frame, serviceSide(new Uint8Array(32).fill(8))), connector)).toBe('ERR_FRAME_FORGED');
});
