// `POST /control/enrolment-codes`: a one-time code for a connector of a group. The registry keeps its digest only.
import type { IssuedCode } from '../../protocol/control.ts';
import { SallyportError } from '../../protocol/errors.ts';
import { IDENTIFIER_WORDS, readIdentifier } from '../../tenants/settings.ts';
import { digest } from '../keys.ts';
import type { Registry } from '../stores/records.ts';

const LIFETIME_MS = 60 * 60_000;

export interface EnrolmentCodePorts {
  readonly registry: Pick<Registry, 'createEnrolmentCode'>;
  readonly portalUrl: string;
  readonly now: () => number;
  /** 256 random bits, base64url. */
  readonly randomSecret: () => string;
}

/** Throws ERR_REQUEST_INVALID. */
export const issueCode = async (raw: unknown, { registry, portalUrl, now, randomSecret }: EnrolmentCodePorts): Promise<IssuedCode> => {
  const group = readIdentifier(typeof raw === 'object' && raw !== null && 'group' in raw ? raw.group : undefined);
  if (group === undefined) throw new SallyportError('ERR_REQUEST_INVALID', `A group is expected: ${IDENTIFIER_WORDS}.`);
  const secret = randomSecret();
  const createdAt = now();
  const expiresAt = createdAt + LIFETIME_MS;
  await registry.createEnrolmentCode({ id: digest(secret), group, createdAt, expiresAt });
  return { code: `${portalUrl}/connectors/enrol#${secret}`, group, expiresAt };
};
