// The signed assertion: a JWT that tells one application who the user is, for two minutes. A signed one is used again for a minute,
// by exactly those requests for which every word in it would be the same.
import { SignJWT } from 'jose';
import { SallyportError } from '../../protocol/errors.ts';
import type { HeaderList } from '../../protocol/frames.ts';
import { type AssertedClaims, assertedClaims } from '../assertion/claims.ts';
import { periodAt, type SigningKey, signingKey } from '../assertion/signing-keys.ts';
import { digest } from '../keys.ts';
import type { Application, User } from '../stores/records.ts';
import { claimsOfUser } from './single-sign-on.ts';

const LIFETIME_S = 120;
/** Whoever gets it has at least the rest of its time. */
const REUSED_MS = (LIFETIME_S / 2) * 1000;
const REMEMBERED_MAX = 500;
/** Servers refuse a header field somewhere above this, and say nothing that anybody would understand. */
const ASSERTION_MAX_BYTES = 7 * 1024;

export interface AssertionPorts {
  /** What the keys are derived from. Asked for when an application uses assertions, and not before. */
  readonly secret: () => Promise<string>;
  readonly portalUrl: string;
  readonly now: () => number;
  readonly newId: () => string;
}

/** The field with the assertion; none where the application wants none. Throws ERR_IDENTITY_REFUSED, ERR_STORE_UNAVAILABLE. */
export type AssertUser = (application: Pick<Application, 'id' | 'singleSignOn'>, user: User) => Promise<HeaderList>;

export const createAssertUser = (ports: AssertionPorts): AssertUser => {
  /** By the digest of everything that is asserted, so that two users cannot have one. The oldest first. */
  const remembered = new Map<string, { readonly madeAt: number; readonly token: string }>();
  const currentKey = createCurrentKey(ports);

  return async ({ id, singleSignOn }, user) => {
    if (singleSignOn.method !== 'assertion') return [];
    const claims = assertedClaims(singleSignOn, user, ports.portalUrl, claimsOfUser(user));
    const now = ports.now();
    const name = digest(JSON.stringify(claims));
    const before = remembered.get(name);
    if (before !== undefined && now >= before.madeAt && now < before.madeAt + REUSED_MS) return [[singleSignOn.header, before.token]];

    const token = await sign(await currentKey(now), claims, Math.floor(now / 1000), ports.newId());
    if (token.length > ASSERTION_MAX_BYTES) {
      throw new SallyportError(
        'ERR_IDENTITY_REFUSED',
        `What ${id} would be told of the user has ${token.length} bytes of at most ${ASSERTION_MAX_BYTES}: name fewer claims, or set groups to "{groups|starting(…)}" in singleSignOn.claims.`,
      );
    }
    remembered.delete(name);
    remembered.set(name, { madeAt: now, token });
    if (remembered.size > REMEMBERED_MAX) remembered.delete(remembered.keys().next().value!);
    return [[singleSignOn.header, token]];
  };
};

/** Derived once in a period. */
const createCurrentKey = ({ secret }: AssertionPorts): ((now: number) => Promise<SigningKey>) => {
  let known: { readonly period: number; readonly key: SigningKey } | null = null;
  return async (now) => {
    const period = periodAt(now);
    if (known?.period !== period) known = { period, key: signingKey(await secret(), now) };
    return known.key;
  };
};

const sign = ({ kid, key }: SigningKey, claims: AssertedClaims, issuedAt: number, id: string): Promise<string> =>
  new SignJWT({ ...claims, iat: issuedAt, nbf: issuedAt, exp: issuedAt + LIFETIME_S, jti: id } as Record<string, unknown>)
    .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid })
    .sign(key);
