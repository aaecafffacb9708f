// The public keys of assertions, for applications: as a key set (RFC 7517), and where and how verifiers for other products look for them.
import { publishedKeys, toPem } from '../assertion/signing-keys.ts';
import { SECURITY_HEADERS } from '../pages/page.ts';
import type { PortalPorts } from './ports.ts';
import type { PortalAnswer } from './request.ts';

/** The next period's key is published a period ahead, so an hour is nothing. */
const KEPT = 'public, max-age=3600';

export const KEYS_PATH = '/.well-known/jwks.json';

export const showKeys = async (ports: PortalPorts): Promise<PortalAnswer> => json({ keys: await keysOf(ports) });

/** As Google publishes them, beside the key set: key id → PEM. */
export const showPemKeys = async (ports: PortalPorts): Promise<PortalAnswer> =>
  json(Object.fromEntries((await keysOf(ports)).map((key) => [key.kid, toPem(key)])));

/** What libraries that are given an issuer alone need (OpenID Connect Discovery §3); nobody can sign in by it. */
export const showIssuer = ({ portalUrl }: PortalPorts): PortalAnswer =>
  json({
    issuer: portalUrl,
    jwks_uri: `${portalUrl}${KEYS_PATH}`,
    id_token_signing_alg_values_supported: ['ES256'],
    subject_types_supported: ['public'],
    response_types_supported: [],
  });

const keysOf = async ({ assertionSecret, now }: PortalPorts) => publishedKeys(await assertionSecret(), now());

const json = (value: unknown): PortalAnswer => ({
  statusCode: 200,
  headers: { ...SECURITY_HEADERS, 'Cache-Control': KEPT, 'Content-Type': 'application/json' },
  body: JSON.stringify(value),
});
