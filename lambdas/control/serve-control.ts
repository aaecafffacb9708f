// The control API: what administrators do without a deployment. API Gateway has checked their AWS signature and policy.

import type { AuditFact } from '../../protocol/audit.ts';
import { asSallyportError, SallyportError } from '../../protocol/errors.ts';
import type { Log } from '../../protocol/log.ts';
import type { CloseConnection } from '../close-connection.ts';
import { answerJson, answerProblem, type HttpAnswer, type HttpEvent, readJson } from '../http-api.ts';
import type { Directory, Registry, ServiceTokens, Sessions } from '../stores/records.ts';
import { applyApplications } from './apply.ts';
import { findAudit } from './audit-log.ts';
import { type CredentialPorts, readCredentials, removeCredentials, setCredentials } from './credentials.ts';
import { issueCode } from './enrolment-code.ts';
import { findExchange } from './exchange-log.ts';
import type { FunctionLog } from './function-log.ts';
import { findLinks } from './links.ts';
import { removeConnector } from './remove-connector.ts';
import { createServiceToken, listServiceTokens, rotateServiceToken } from './service-tokens.ts';
import { listSessions, revokeSessions } from './sessions.ts';
import { readStatus } from './status.ts';
import { why } from './why.ts';

/** Lambda takes 6 MB; a tenant file of this size has thousands of applications. */
const BODY_MAX_BYTES = 2 * 1024 * 1024;

export interface ControlPorts extends Pick<CredentialPorts, 'credentials'> {
  readonly registry: Pick<Registry, 'createEnrolmentCode' | 'connectors' | 'tunnels' | 'reports' | 'removeConnector'>;
  readonly directory: Pick<Directory, 'applications' | 'applicationsOn' | 'replace'>;
  readonly routerLog: FunctionLog;
  readonly otherLogs: readonly FunctionLog[];
  readonly closeTunnel: CloseConnection;
  readonly serviceTokens: ServiceTokens;
  readonly sessions: Pick<Sessions, 'withHandle' | 'find' | 'revoke'>;
  readonly tenant: string;
  readonly domain: string;
  readonly claims: readonly string[];
  readonly alternateHosts: readonly string[];
  readonly readTimeout: number | null;
  readonly portalUrl: string;
  readonly now: () => number;
  readonly randomSecret: () => string;
  readonly log: Log;
}

type Action = (ports: ControlPorts, event: HttpEvent, argument: string) => Promise<HttpAnswer>;

interface Route {
  readonly path: RegExp;
  readonly methods: Readonly<Record<string, Action>>;
}

/** Each is refused to who has no signer: a test goes through them all. */
export const ROUTES: readonly Route[] = [
  { path: /^\/control\/enrolment-codes$/, methods: { POST: (ports, event) => issue(ports, event) } },
  { path: /^\/control\/applications$/, methods: { GET: (ports) => list(ports), PUT: (ports, event) => apply(ports, event) } },
  { path: /^\/control\/exchanges\/([\w-]{1,128})$/, methods: { GET: (ports, event, id) => explain(ports, event, id) } },
  { path: /^\/control\/audit$/, methods: { GET: (ports, event) => audit(ports, event) } },
  { path: /^\/control\/links\/([a-z0-9-]{1,63})$/, methods: { GET: (ports, event, id) => showLinks(ports, event, id) } },
  {
    path: /^\/control\/service-tokens$/,
    methods: {
      GET: async (ports) => answerJson(200, { tokens: await listServiceTokens(ports) }),
      POST: (ports, event) => createToken(ports, event),
    },
  },
  {
    path: /^\/control\/service-tokens\/([\w-]{1,64})$/,
    methods: { DELETE: (ports, _event, name) => revokeToken(ports, name) },
  },
  {
    path: /^\/control\/service-tokens\/([\w-]{1,64})\/rotations$/,
    methods: { POST: (ports, event, name) => rotateToken(ports, event, name) },
  },
  {
    path: /^\/control\/credentials\/([a-z0-9-]{1,63})$/,
    methods: {
      GET: async (ports, event, id) => answerJson(200, await readCredentials(id, queryOf(event), ports)),
      PUT: (ports, event, id) => putCredentials(ports, event, id),
      DELETE: (ports, event, id) => deleteCredentials(ports, event, id),
    },
  },
  { path: /^\/control\/sessions$/, methods: { GET: (ports, event) => showSessions(ports, event) } },
  { path: /^\/control\/sessions\/revocations$/, methods: { POST: (ports, event) => endSessions(ports, event) } },
  { path: /^\/control\/decisions$/, methods: { POST: (ports, event) => decision(ports, event) } },
  { path: /^\/control\/status$/, methods: { GET: async (ports) => answerJson(200, await readStatus(ports)) } },
  {
    path: /^\/control\/connectors\/([\w-]{1,64})$/,
    methods: { DELETE: async (ports, _event, id) => answerJson(200, await removeConnector(id, ports)) },
  },
];

export const createServeControl =
  (ports: ControlPorts) =>
  async (event: HttpEvent): Promise<HttpAnswer> => {
    const { requestId, http, authorizer } = event.requestContext;
    const administrator = authorizer?.iam?.userArn;
    const log = ports.log.with({ requestId, administrator, address: http.sourceIp });
    try {
      // The route asks API Gateway for AWS_IAM. Were it ever without, nobody gets in.
      if (!administrator) throw new SallyportError('ERR_CONTROL_DENIED', 'API Gateway does not say who signed this request.');
      const { action, argument } = route(http.method, event.rawPath);
      return await action({ ...ports, log }, event, argument);
    } catch (failure) {
      const error = asSallyportError(failure);
      log.warn('control.refused', {
        ...{ method: http.method, path: event.rawPath, error },
        audit: { kind: 'refusal', operation: `${http.method} ${event.rawPath}` },
      });
      // Only administrators get here: they are told what happened, of our own faults too.
      return answerProblem(error, { id: requestId, now: ports.now(), inFull: () => true });
    }
  };

const route = (method: string, path: string): { readonly action: Action; readonly argument: string } => {
  for (const { path: pattern, methods } of ROUTES) {
    const [whole, argument = ''] = pattern.exec(path) ?? [];
    if (whole === undefined) continue;
    const action = Object.hasOwn(methods, method) ? methods[method] : undefined;
    if (action) return { action, argument };
    throw new SallyportError('ERR_METHOD_REFUSED', `${path} takes ${Object.keys(methods).join(' and ')}, not ${method}.`);
  }
  throw new SallyportError('ERR_CONTROL_UNKNOWN', `The control API has nothing at ${path}.`);
};

const issue = async (ports: ControlPorts, event: HttpEvent): Promise<HttpAnswer> => {
  const issued = await issueCode(readJson(event, BODY_MAX_BYTES), ports);
  ports.log.info('control.enrolment-code-issued', {
    ...{ group: issued.group, expiresAt: issued.expiresAt },
    audit: { kind: 'enrolment', change: 'create', entity: { type: 'Enrolment code', name: issued.group } },
  });
  return answerJson(201, issued);
};

const decision = async (ports: ControlPorts, event: HttpEvent): Promise<HttpAnswer> =>
  answerJson(200, await why(readJson(event, BODY_MAX_BYTES), ports));

const serviceToken = (name: string) => ({ type: 'Service token', name });

const createToken = async (ports: ControlPorts, event: HttpEvent): Promise<HttpAnswer> => {
  const made = await createServiceToken(readJson(event, BODY_MAX_BYTES), ports, administratorOf(event));
  ports.log.info('control.service-token-made', {
    ...{ name: made.name, expiresAt: made.expiresAt },
    audit: { kind: 'token', change: 'create', entity: serviceToken(made.name) },
  });
  return answerJson(201, made);
};

const rotateToken = async (ports: ControlPorts, event: HttpEvent, name: string): Promise<HttpAnswer> => {
  const made = await rotateServiceToken(name, ports, administratorOf(event));
  ports.log.info('control.service-token-rotated', {
    ...{ name, expiresAt: made.expiresAt },
    audit: { kind: 'token', change: 'update', entity: serviceToken(name) },
  });
  return answerJson(201, made);
};

const revokeToken = async ({ serviceTokens, log }: ControlPorts, name: string): Promise<HttpAnswer> => {
  await serviceTokens.revoke(name);
  log.info('control.service-token-revoked', { name, audit: { kind: 'revocation', change: 'delete', entity: serviceToken(name) } });
  return answerJson(200, { name });
};

const showSessions = async (ports: ControlPorts, { rawQueryString }: HttpEvent): Promise<HttpAnswer> => {
  const user = new URLSearchParams(rawQueryString ?? '').get('user');
  if (user === null || user === '') throw new SallyportError('ERR_REQUEST_INVALID', 'Say whose sessions: ?user=NAME.');
  return answerJson(200, { sessions: await listSessions(user, ports) });
};

const endSessions = async (ports: ControlPorts, event: HttpEvent): Promise<HttpAnswer> => {
  const which = readJson(event, BODY_MAX_BYTES);
  const ended = await revokeSessions(which, ports);
  ports.log.info('control.sessions-revoked', { ...ended, audit: revocationOf(which, ended.revoked) });
  return answerJson(200, ended);
};

/** It was read already: one of the three is there. */
const revocationOf = (which: unknown, revoked: number): AuditFact => {
  const { user, session, application } = which as Readonly<Record<string, string | undefined>>;
  const entity = { type: 'Session', name: user ?? application ?? 'one', uid: session };
  return { kind: 'revocation', change: 'delete', entity, user, application, details: { revoked } };
};

const queryOf = ({ rawQueryString }: HttpEvent): URLSearchParams => new URLSearchParams(rawQueryString ?? '');

const putCredentials = async (ports: ControlPorts, event: HttpEvent, id: string): Promise<HttpAnswer> => {
  await setCredentials(id, readJson(event, BODY_MAX_BYTES), ports, administratorOf(event));
  ports.log.info('control.credentials-set', {
    application: id,
    audit: { kind: 'configuration', change: 'update', entity: { type: 'Credentials', name: id }, application: id },
  });
  return answerJson(200, { application: id });
};

const deleteCredentials = async (ports: ControlPorts, event: HttpEvent, id: string): Promise<HttpAnswer> => {
  await removeCredentials(id, queryOf(event), ports);
  ports.log.info('control.credentials-removed', {
    application: id,
    audit: { kind: 'configuration', change: 'delete', entity: { type: 'Credentials', name: id }, application: id },
  });
  return answerJson(200, { application: id });
};

const administratorOf = ({ requestContext }: HttpEvent): string => requestContext.authorizer?.iam?.userArn ?? 'unknown';

const list = async ({ directory }: ControlPorts): Promise<HttpAnswer> => {
  const applications = await directory.applications();
  return answerJson(200, { applications: [...applications].sort((one, other) => one.id.localeCompare(other.id)) });
};

const apply = async (ports: ControlPorts, event: HttpEvent): Promise<HttpAnswer> => {
  const applied = await applyApplications(readJson(event, BODY_MAX_BYTES), ports);
  ports.log.info('control.applications-applied', {
    ...applied,
    audit: { kind: 'configuration', change: 'update', entity: { type: 'Directory', name: 'applications' }, details: { ...applied } },
  });
  return answerJson(200, applied);
};

const explain = async ({ routerLog, otherLogs }: ControlPorts, { rawQueryString }: HttpEvent, id: string): Promise<HttpAnswer> =>
  answerJson(200, await findExchange(routerLog, otherLogs, id, new URLSearchParams(rawQueryString)));

const audit = async (ports: ControlPorts, { rawQueryString }: HttpEvent): Promise<HttpAnswer> =>
  answerJson(200, await findAudit(ports, new URLSearchParams(rawQueryString)));

const showLinks = async ({ routerLog }: ControlPorts, { rawQueryString }: HttpEvent, id: string): Promise<HttpAnswer> =>
  answerJson(200, await findLinks(routerLog, id, new URLSearchParams(rawQueryString)));
