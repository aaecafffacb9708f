// The deployment's one master key and what is derived from it (HKDF, RFC 5869). Each purpose has a key of its own,
// so that none can stand in for another.
import { createHash, hkdfSync, randomBytes } from 'node:crypto';
import type { FrameKey } from '../protocol/codec.ts';
import { serviceSide } from '../protocol/frame-keys.ts';

const SALT = 'sallyport.v1';

const derive = (masterKey: string, purpose: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(hkdfSync('sha256', masterKey, SALT, purpose, 32));

/** What the routers share with one connector. Older connectors' frames are sealed by it as it is. */
export const frameSecret = (masterKey: string, connector: string) => derive(masterKey, `frame:${connector}`);

/** Seals frames to the connector that has said whether it knows a key for each direction, and opens what it sealed. */
export const frameKey = (
  masterKey: string,
  { connector, keysApart }: { readonly connector: string; readonly keysApart?: true },
): FrameKey => {
  const secret = frameSecret(masterKey, connector);
  return keysApart === true ? serviceSide(secret) : secret;
};

/** Signs the tickets with which a router opens its connection to the Reply API. */
export const ticketKey = (masterKey: string) => derive(masterKey, 'reply-ticket');

/** Encrypts what the portal hands to itself by way of the browser and the identity provider. */
export const stateKey = (masterKey: string) => derive(masterKey, 'sign-in-state');

/** Encrypts the refresh tokens that the sessions table keeps. */
export const refreshTokenKey = (masterKey: string) => derive(masterKey, 'refresh-token');

/** Encrypts the addresses of uploads, which hold what routers need of them. */
export const uploadKey = (masterKey: string) => derive(masterKey, 'upload');

/** 256 random bits, base64url: session secrets, codes, exchange ids. */
export const randomSecret = (): string => randomBytes(32).toString('base64url');

/** SHA-256, base64url: how secrets are stored. */
export const digest = (text: string): string => createHash('sha256').update(text).digest('base64url');
