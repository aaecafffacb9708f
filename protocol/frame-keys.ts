// The two keys of a connector's frames, one for each direction, made of the secret that it shares with the routers: what one side has sealed
// opens at the other only, so a frame that is sent back to who sealed it is forged.
import { hkdfSync } from 'node:crypto';
import type { DirectedKey } from './codec.ts';

const SALT = 'sallyport.v1';

const derive = (secret: Uint8Array, direction: string): Uint8Array => new Uint8Array(hkdfSync('sha256', secret, SALT, direction, 32));

const directions = (secret: Uint8Array) => ({
  toConnector: derive(secret, 'frames to the connector'),
  toService: derive(secret, 'frames to the service'),
});

export const connectorSide = (secret: Uint8Array): DirectedKey => {
  const { toConnector, toService } = directions(secret);
  return { seals: toService, opens: toConnector };
};

export const serviceSide = (secret: Uint8Array): DirectedKey => {
  const { toConnector, toService } = directions(secret);
  return { seals: toConnector, opens: toService };
};
