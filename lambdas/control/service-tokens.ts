// Service tokens: made, listed, rotated and revoked by administrators. A secret is shown once, to whoever made it.
import type { ServiceTokenReport, ServiceTokenSecret } from '../../protocol/control.ts';
import { SallyportError } from '../../protocol/errors.ts';
import { digest } from '../keys.ts';
import type { Directory, ServiceToken, ServiceTokens } from '../stores/records.ts';

export interface ServiceTokenPorts {
  readonly serviceTokens: ServiceTokens;
  readonly directory: Pick<Directory, 'applications'>;
  readonly now: () => number;
  readonly randomSecret: () => string;
}

const DAY_MS = 86_400_000;
const DAYS_MAX = 400;
/** How long the secret before goes on working, so that a program can change over. */
const OVERLAP_MS = DAY_MS;

/** Throws ERR_REQUEST_INVALID. */
export const createServiceToken = async (raw: unknown, ports: ServiceTokenPorts, createdBy: string): Promise<ServiceTokenSecret> => {
  const { name, applications, days } = readWanted(raw);
  await checkApplications(applications, ports);
  if ((await ports.serviceTokens.all()).some((token) => token.name === name)) {
    throw new SallyportError('ERR_REQUEST_INVALID', `There is a service token ${name}: rotate or revoke it, or choose another name.`);
  }
  return issue({ name, applications, expiresAt: ports.now() + days * DAY_MS, createdBy }, ports);
};

/** A new secret under the same name, for the same time; the one before ends within a day. Throws ERR_CONTROL_UNKNOWN. */
export const rotateServiceToken = async (name: string, ports: ServiceTokenPorts, createdBy: string): Promise<ServiceTokenSecret> => {
  const { serviceTokens, now } = ports;
  const before = (await serviceTokens.all()).filter((token) => token.name === name);
  const last = before.sort((one, other) => other.createdAt - one.createdAt)[0];
  if (last === undefined) throw new SallyportError('ERR_CONTROL_UNKNOWN', `There is no service token ${name}.`);
  const { applications, expiresAt, createdAt } = last;
  const issued = await issue({ name, applications, expiresAt: now() + (expiresAt - createdAt), createdBy }, ports);
  await Promise.all(before.map((token) => serviceTokens.create({ ...token, expiresAt: Math.min(token.expiresAt, now() + OVERLAP_MS) })));
  return issued;
};

export const listServiceTokens = async ({ serviceTokens }: Pick<ServiceTokenPorts, 'serviceTokens'>): Promise<ServiceTokenReport[]> =>
  [...(await serviceTokens.all())].sort(byName).map(({ name, applications, createdAt, expiresAt, createdBy }) => ({
    ...{ name, applications, createdAt, expiresAt, createdBy },
  }));

const byName = (one: ServiceToken, other: ServiceToken): number => one.name.localeCompare(other.name) || one.createdAt - other.createdAt;

const issue = async (token: Omit<ServiceToken, 'id' | 'createdAt'>, { serviceTokens, now, randomSecret }: ServiceTokenPorts) => {
  const secret = randomSecret();
  await serviceTokens.create({ ...token, id: digest(secret), createdAt: now() });
  return { name: token.name, token: `sallyport_${secret}`, expiresAt: token.expiresAt };
};

const readWanted = (raw: unknown): { readonly name: string; readonly applications: readonly string[]; readonly days: number } => {
  const { name, applications, days } = typeof raw === 'object' && raw !== null ? (raw as Record<string, unknown>) : {};
  if (typeof name !== 'string' || !/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(name))
    throw invalid('a name of lower-case letters, digits and hyphens');
  if (!Array.isArray(applications) || applications.length === 0 || !applications.every((id) => typeof id === 'string')) {
    throw invalid('at least one application');
  }
  if (!Number.isInteger(days) || (days as number) < 1 || (days as number) > DAYS_MAX) throw invalid(`a lifetime of 1 to ${DAYS_MAX} days`);
  return { name, applications: [...new Set<string>(applications)], days: days as number };
};

const checkApplications = async (wanted: readonly string[], { directory }: ServiceTokenPorts): Promise<void> => {
  const known = new Map((await directory.applications()).map((application) => [application.id, application]));
  for (const id of wanted) {
    if (!known.has(id)) throw invalid(`applications that there are; ${id} is none`);
    if (!known.get(id)?.tokens?.services) throw invalid(`applications with tokens: { services: true }, which ${id} is not`);
  }
};

const invalid = (what: string): SallyportError => new SallyportError('ERR_REQUEST_INVALID', `The service token needs ${what}.`);
