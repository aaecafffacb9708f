// `connector doctor kerberos`: takes single sign-on by Kerberos step by step, for one user at one application, and says which step fails
// and what to do. The steps stand in the order in which they need each other.
import { asSallyportError, type ErrorCode, SallyportError } from '../../protocol/errors.ts';
import type { KerberosSignOn } from '../../protocol/sign-on.ts';
import { AccountOrUserDenied } from '../kerberos/failures.ts';
import type { Kerberos, Prepared } from '../kerberos/kerberos.ts';
import type { Probe } from '../kerberos/probe.ts';
import { realmOf, targetOf } from '../kerberos/realms.ts';
import type { OriginAnswer } from '../ports.ts';

export interface Finding {
  readonly step: Step;
  readonly state: 'ok' | 'fault' | 'not reached';
  readonly text: string;
}

export const STEPS = ['credentials', 'controllers', 'clock', 'account', 'user', 'delegation', 'application'] as const;
export type Step = (typeof STEPS)[number];

export interface Patient {
  readonly user: string;
  /** Somebody else who is known to be allowed in, to tell a protected user from an account that may sign nobody in. */
  readonly compareWith: string | undefined;
  readonly service: string;
  /** Where the application is asked; undefined where that is not known. */
  readonly internalUrl: string | undefined;
}

export interface DoctorPorts {
  readonly kerberos: Pick<Kerberos, 'prepare' | 'ticket'>;
  readonly probe: Probe;
  /** Asks the application as this user, its proof required. */
  readonly ask: (internalUrl: string, user: KerberosSignOn) => Promise<OriginAnswer>;
  readonly now: () => number;
}

/** RFC 4120 §8.2. */
const SKEW_MAX_MS = 300_000;
const KDC_ERR_C_PRINCIPAL_UNKNOWN = 6;

/** At which step a ticket fails with this code. */
const STEP_OF: Partial<Record<ErrorCode, Step>> = {
  ERR_KERBEROS_CREDENTIALS: 'account',
  ERR_KERBEROS_KDC: 'controllers',
  ERR_KERBEROS_CLOCK: 'clock',
  ERR_KERBEROS_USER_UNKNOWN: 'user',
  ERR_KERBEROS_USER_DISABLED: 'user',
  ERR_KERBEROS_USER_PROTECTED: 'user',
  ERR_KERBEROS_REALM: 'user',
  ERR_KERBEROS_DELEGATION: 'delegation',
  ERR_KERBEROS_SERVICE_UNKNOWN: 'delegation',
};

export const examine = async (ports: DoctorPorts, patient: Patient): Promise<Finding[]> => {
  const findings: Finding[] = [];
  const ok = (step: Step, text: string) => void findings.push({ step, state: 'ok', text });
  const fault = (step: Step, text: string) => void findings.push({ step, state: 'fault', text });
  try {
    await examineSteps(ports, patient, ok, fault);
  } catch (error) {
    const { code, message } = asSallyportError(error);
    fault(STEP_OF[code] ?? 'account', `${code}: ${message}`);
  }
  const seen = new Set(findings.map(({ step }) => step));
  const left = STEPS.filter((step) => !seen.has(step)).map((step): Finding => ({ step, state: 'not reached', text: '' }));
  return [...findings, ...left].sort((one, other) => STEPS.indexOf(one.step) - STEPS.indexOf(other.step));
};

type Note = (step: Step, text: string) => void;

const examineSteps = async (ports: DoctorPorts, patient: Patient, ok: Note, fault: Note): Promise<void> => {
  const prepared = await ports.kerberos.prepare().catch((error: unknown) => {
    const { code, message } = asSallyportError(error);
    fault('credentials', `${code}: ${message}`);
    return null;
  });
  if (prepared === null) return;
  const { account, target } = targetOf(patient.service, prepared.accounts);
  ok('credentials', prepared.accounts.map(({ principal }) => principal).join(', '));
  if (!(await examineControllers(ports, prepared, account.principal, ok, fault))) return;

  const asked = { identity: patient.user, service: patient.service };
  const ticket = await ports.kerberos.ticket(asked).catch((error: unknown) => comparing(ports, patient, error));
  ticket.close();
  ok('account', `${account.principal} signs in`);
  ok('user', `${patient.user} is known and may be signed in`);
  ok('delegation', `${account.principal} may sign users in to ${target}`);

  if (patient.internalUrl === undefined) return;
  const { status } = await ports
    .ask(patient.internalUrl, { method: 'kerberos', ...asked, sendOn: 'request', proof: 'required' })
    .catch((error: unknown) => {
      const { code, message } = asSallyportError(error);
      fault('application', `${code}: ${message}`);
      return { status: null };
    });
  if (status !== null) ok('application', `${patient.internalUrl} takes the ticket, proves who it is and answers ${status}`);
};

/** What the domain says in one way for two reasons: another user tells which it is. */
const comparing = async ({ kerberos }: DoctorPorts, { compareWith, service, user }: Patient, error: unknown): Promise<never> => {
  if (!(error instanceof AccountOrUserDenied)) throw error;
  if (compareWith === undefined) {
    throw new SallyportError(error.code, `${error.message} --compare-with and the name of somebody else tells these two apart.`);
  }
  const other = await kerberos.ticket({ identity: compareWith, service }).catch(() => null);
  other?.close();
  if (other === null) throw error;
  throw new SallyportError(
    'ERR_KERBEROS_USER_PROTECTED',
    `${compareWith} can be signed in and ${user} cannot: ${user} is "sensitive and cannot be delegated", or a member of Protected Users.`,
  );
};

/** Whether any controller of the account's realm answers. */
const examineControllers = async (
  { probe, now }: DoctorPorts,
  { controllers }: Prepared,
  principal: string,
  ok: Note,
  fault: Note,
): Promise<boolean> => {
  const realm = realmOf(principal);
  const own = controllers.filter((controller) => controller.realm === realm);
  if (own.length === 0) {
    fault('controllers', `none of ${realm} is named by --kerberos-kdcs, and DNS has no record _kerberos._tcp.${realm.toLowerCase()}`);
    return false;
  }
  let answering = 0;
  for (const { host } of own) {
    try {
      const { time, error } = await probe(host, principal);
      answering += 1;
      ok('controllers', `${host} answers`);
      if (error === KDC_ERR_C_PRINCIPAL_UNKNOWN) fault('account', `${host} does not know ${principal}`);
      if (time === null) continue;
      // The controller tells whole seconds.
      const offMs = Math.round((now() - time) / 1000) * 1000;
      const text = `this machine is ${Math.abs(offMs) / 1000} s ${offMs < 0 ? 'behind' : 'ahead of'} ${host}`;
      (Math.abs(offMs) > SKEW_MAX_MS ? fault : ok)('clock', text);
    } catch (error) {
      fault('controllers', `${host}: ${(error as Error).message}`);
    }
  }
  return answering > 0;
};
