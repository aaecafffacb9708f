// `connector doctor kerberos --application X --user NAME`: what it is told, what it prints.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SallyportError } from '../../protocol/errors.ts';
import { createLog } from '../../protocol/log.ts';
import { findAllowed } from '../allowlist.ts';
import { readAuthorities } from '../authorities.ts';
import { systemClock } from '../clock.ts';
import { readConfig } from '../config.ts';
import type { StartHelper } from '../kerberos/fork-helper.ts';
import { Kerberos } from '../kerberos/kerberos.ts';
import { createProbe } from '../kerberos/probe.ts';
import { createNetwork } from '../network.ts';
import { notedApplications } from '../noted-applications.ts';
import { Origins } from '../origin.ts';
import { createTlsOf } from '../origin-tls.ts';
import type { Config } from '../settings.ts';
import { kerberosMethod } from '../single-sign-on/kerberos.ts';
import { ntlmMethod } from '../single-sign-on/ntlm.ts';
import { signingOn } from '../single-sign-on/sign-on.ts';
import { type DoctorPorts, examine, type Finding, type Patient } from './kerberos.ts';

const PROBE_MS = 5_000;
const ASK_MS = 30_000;

const USAGE = `connector doctor kerberos --user NAME --application ID [--compare-with NAME] [the connector's settings]

Tries each step of single sign-on by Kerberos for one user at one application, and says what is wrong.

  --user NAME           as the application's singleSignOn.identity makes it of the user's claims, such as alice or alice@corp.example
  --application ID      id or name of an application that this connector has heard of
  --service PRINCIPAL   instead of an application: its service principal name, such as HTTP/payroll.corp.example
  --compare-with NAME   somebody who can sign in, to tell a protected user from an account that may sign nobody in
`;

/** Its own flags; everything else is a setting of the connector. */
const FLAGS = ['--user', '--application', '--service', '--compare-with'] as const;
type Flag = (typeof FLAGS)[number];

export interface DoctorOptions {
  /** Behind `doctor`. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly startHelper: StartHelper;
  readonly print: (text: string) => void;
}

/** Whether nothing is wrong. Throws ERR_CONFIGURATION_INVALID for a call that cannot be carried out. */
export const doctor = async ({ args, env, startHelper, print }: DoctorOptions): Promise<boolean> => {
  if (args[0] !== 'kerberos') throw usage('the doctor knows kerberos');
  const { own, rest } = split(args.slice(1));
  const config = readConfig({ args: rest, env, read: (path) => readFileSync(path, 'utf8') });
  const patient = await readPatient(own, config);
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-doctor-'));
  const network = createNetwork({ env, extraCa: config.caFile === undefined ? null : readAuthorities(config.caFile) });
  const origins = new Origins({
    connections: 1,
    connectTimeoutMs: config.originConnectSeconds * 1000,
    ca: network.ca,
    connectTo: config.connectTo,
    tlsOf: createTlsOf(config.clientCertificates, config.tlsMinimum),
  });
  const kerberos = new Kerberos({
    credentials: config.kerberosCredentials,
    principals: config.kerberosPrincipals,
    controllers: config.kerberosKdcs,
    deadlineMs: config.kerberosSeconds * 1000,
    // Not the running connector's own.
    stateDirectory: folder,
    startHelper,
    clock: systemClock,
    log: createLog({ write: () => undefined }),
  });
  try {
    const ask = askApplication(config, origins, kerberos);
    const findings = await examine({ kerberos, probe: createProbe(PROBE_MS), ask, now: systemClock.now }, patient);
    print(report(patient, findings));
    return findings.every(({ state }) => state !== 'fault');
  } finally {
    kerberos.close();
    await origins.close();
    network.close();
    rmSync(folder, { recursive: true, force: true });
  }
};

const askApplication = (config: Config, origins: Origins, kerberos: Kerberos): DoctorPorts['ask'] => {
  const call = signingOn(origins.call, { kerberos: kerberosMethod(kerberos), ntlm: ntlmMethod(systemClock) });
  return async (internalUrl, signOn) => {
    const url = new URL(internalUrl);
    const allowed = findAllowed(config.allow, url);
    if (!allowed) throw new SallyportError('ERR_ORIGIN_NOT_ALLOWED', `${url.origin} is not in this connector's allowlist (--allow).`);
    const answer = await call({
      method: 'GET',
      origin: url.origin,
      path: url.pathname,
      headers: [['Host', url.host]],
      body: null,
      verifyCertificate: true,
      loopbackAllowed: allowed.namesLoopback,
      signal: AbortSignal.timeout(ASK_MS),
      connected: () => undefined,
      signOn,
    });
    for await (const _ of answer.body) break;
    return answer;
  };
};

const readPatient = async (own: Partial<Record<Flag, string>>, { stateDirectory }: Config): Promise<Patient> => {
  const { '--user': user, '--application': application, '--service': service, '--compare-with': compareWith } = own;
  if (user === undefined || (application === undefined) === (service === undefined)) {
    throw usage('--user and one of --application and --service are needed');
  }
  if (service !== undefined) return { user, compareWith, service, internalUrl: undefined };
  const noted = await notedApplications(stateDirectory);
  const found = noted.find(({ id, name }) => id === application || name === application);
  if (found) return { user, compareWith, service: found.service, internalUrl: found.internalUrl };
  const known = noted.map(({ id }) => id).join(', ') || 'none yet';
  throw usage(
    `this connector (--state-directory ${stateDirectory}) has not heard of ${application}: it is told when it connects, and hourly. ` +
      `Known with Kerberos: ${known}`,
  );
};

const split = (args: readonly string[]): { own: Partial<Record<Flag, string>>; rest: string[] } => {
  const own: Partial<Record<Flag, string>> = {};
  const rest: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const [, name = '', inline] = /^(--[a-z-]+)(?:=(.*))?$/s.exec(args[at]!) ?? [];
    const flag = FLAGS.find((known) => known === name);
    if (flag === undefined) {
      rest.push(args[at]!);
      continue;
    }
    const value = inline ?? args[at + 1];
    if (value === undefined || own[flag] !== undefined) throw usage(`${flag} needs one value`);
    own[flag] = value;
    if (inline === undefined) at += 1;
  }
  return { own, rest };
};

const usage = (what: string): SallyportError => new SallyportError('ERR_CONFIGURATION_INVALID', `${what}.\n\n${USAGE}`);

const MARKS: Readonly<Record<Finding['state'], string>> = { ok: 'ok', fault: 'FAULT', 'not reached': '-' };

const report = ({ user, service }: Patient, findings: readonly Finding[]): string => {
  const lines = findings.map(({ step, state, text }) => `${MARKS[state].padEnd(7)}${step.padEnd(13)}${text}`.trimEnd());
  return `${user} at ${service}\n\n${lines.join('\n')}\n`;
};
