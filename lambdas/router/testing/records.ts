// Records and events as tests need them: valid by themselves, changed where a test is about the change.
import { authorityOfUrl } from '../../../tenants/authority.ts';
import { publishedOf } from '../../stores/directory.ts';
import type { Application, ApplicationHere, Published, Session, Tunnel, User } from '../../stores/records.ts';
import { application as stored } from '../../stores/testing/application.ts';
import type { CanonicalRequest, ProxyEvent } from '../canonical-request.ts';

export const HOST = 'wiki.apps.example.com';

export const application = (changes: Partial<ApplicationHere> = {}): ApplicationHere => ({
  ...stored({ internalUrl: 'http://wiki.internal:8080/', connectorGroup: 'default', timeoutMs: 30_000 }),
  callers: [],
  ...changes,
});

export const user = (changes: Partial<User> = {}): User => ({
  issuer: 'https://idp.example.com',
  subject: 'subject-1',
  username: 'alice@example.com',
  name: 'Alice',
  email: 'alice@example.com',
  groups: ['staff'],
  claims: {},
  amr: [],
  ...changes,
});

export const session = (changes: Partial<Session> & Pick<Session, 'id' | 'expiresAt'>): Session => ({
  parent: 'portal-session',
  host: HOST,
  user: user(),
  createdAt: 0,
  mfa: false,
  authenticatedAt: null,
  ...changes,
});

export const tunnel = (changes: Partial<Tunnel> & Pick<Tunnel, 'connectionId' | 'seenAt'>): Tunnel => ({
  connector: 'connector-a',
  group: 'default',
  openedAt: changes.seenAt,
  expiresAt: changes.seenAt + 7_200_000,
  draining: false,
  ...changes,
});

export interface EventChanges extends Partial<Omit<ProxyEvent, 'multiValueHeaders'>> {
  readonly host?: string;
  readonly headers?: Readonly<Record<string, readonly string[]>>;
  readonly sourceIp?: string;
  /** What the client sent, where `path` is not the same. */
  readonly requestPath?: string;
}

export const event = ({ host = HOST, headers = {}, sourceIp = '203.0.113.9', requestPath, ...changes }: EventChanges = {}): ProxyEvent => ({
  httpMethod: 'GET',
  path: '/',
  multiValueHeaders: { Host: [host], ...headers },
  multiValueQueryStringParameters: null,
  requestContext: { requestId: 'request-1', path: requestPath ?? changes.path ?? '/', identity: { sourceIp } },
  body: null,
  isBase64Encoded: false,
  ...changes,
});

export const request = (changes: Partial<CanonicalRequest> = {}): CanonicalRequest => ({
  id: 'request-1',
  method: 'GET',
  host: HOST,
  path: '/',
  query: '',
  headers: [],
  body: Buffer.alloc(0),
  hasBody: false,
  clientAddress: '203.0.113.9',
  country: null,
  ...changes,
});

/** What the directory knows of an internal authority. */
export const publishedAt = (applications: readonly Application[], authority: string): Published[] =>
  applications.flatMap(publishedOf).filter(({ internalUrl }) => authorityOfUrl(new URL(internalUrl)) === authority);
