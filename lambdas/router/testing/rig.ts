// The whole router with everything around it in memory: stores, tunnels with connectors behind them, the Reply API, a user.
import { decode, encode } from '../../../protocol/codec.ts';
import { SallyportError } from '../../../protocol/errors.ts';
import { connectorSide } from '../../../protocol/frame-keys.ts';
import type { ConnectorFrame, RequestFrame, RouterFrame } from '../../../protocol/frames.ts';
import { createLog } from '../../../protocol/log.ts';
import type { Edge } from '../../../tenants/edge.ts';
import type { AccessTokens } from '../../identity/access-token.ts';
import { profile } from '../../identity/testing/profile.ts';
import { digest, frameKey, frameSecret, randomSecret, uploadKey } from '../../keys.ts';
import { createSourceLimits } from '../../limits/source-limits.ts';
import { createCounters } from '../../limits/testing/counters.ts';
import { createLook } from '../../pages/look.ts';
import type { TokenAnswer, TokenAsk } from '../../portal/application-token.ts';
import type { ApplicationHere, Connector, ServiceToken, Session, SignInCode, StoredCredentials, Tunnel } from '../../stores/records.ts';
import { createTokenOf } from '../application-token.ts';
import { createAssertUser } from '../assertion.ts';
import { cachedDirectory, cachedSessions, cachedTunnels } from '../caching.ts';
import type { ProxyEvent } from '../canonical-request.ts';
import { SESSION_COOKIE } from '../cookies.ts';
import { createKeepUp } from '../keep-up.ts';
import { createPasswords } from '../passwords.ts';
import { ReplySocket } from '../reply-socket.ts';
import { createRouter, type RouterPorts } from '../router.ts';
import { createManualClock, turn } from './manual-clock.ts';
import { recordResponse } from './recorded-response.ts';
import { application, type EventChanges, event, HOST, publishedAt, session, tunnel } from './records.ts';
import { createReplyApi } from './reply-api.ts';

const MASTER_KEY = 'a master key of a test';
export const ASSERTION_SECRET = 'a secret of a test';

export interface Received {
  readonly tunnel: string;
  readonly frame: RouterFrame;
  readonly payload: Buffer;
}

/** What a connector does with a frame; `reply` posts to where the exchange is answered. */
export type Behaviour = (received: Received, reply: (frame: ConnectorFrame, payload?: Uint8Array) => void) => void;

export const answerWith =
  (body: string, status = 200): Behaviour =>
  ({ frame }, reply) => {
    if (frame.type === 'request') {
      reply(
        { type: 'response', exchange: frame.exchange, n: 0, status, headers: [['Content-Type', 'text/plain']], end: true },
        Buffer.from(body),
      );
    }
  };

const PROVIDER = profile();

/** Tokens of an identity provider are their own claims here: access-token.test.ts has real ones. */
const accessTokens: AccessTokens = {
  verify: async (token, audience) => {
    const text = Buffer.from(token, 'base64url').toString();
    const claims = text.startsWith('{"') ? JSON.parse(text) : {};
    if (claims.aud === audience) return { claims, provider: PROVIDER };
    throw new SallyportError('ERR_TOKEN_INVALID', 'The token is refused: its claim aud is not the expected one.');
  },
};

const TICKET_KEY = new Uint8Array(32).fill(5);

/** `stores`: others than the lists of this rig. */
export const createRig = (edge: Edge | null = null, stores: Partial<Pick<RouterPorts, 'directory' | 'tunnels' | 'findSession'>> = {}) => {
  const serviceTokens = new Map<string, ServiceToken>();
  const clock = createManualClock();
  const counters = createCounters();
  const replyApi = createReplyApi();
  const lines: Array<Record<string, unknown>> = [];
  const log = createLog({ write: (line) => lines.push(JSON.parse(line)), now: clock.now, level: 'debug' });
  /** What chance says next, in [0, 1). */
  const chance = { next: 0 };
  const keyOf = (connector: string) => frameSecret(MASTER_KEY, connector);

  const applications: ApplicationHere[] = [application()];
  /** By application and owner. */
  const credentials = new Map<string, StoredCredentials>();
  const credentialStore = {
    find: async (application: string, owner: string | null) => credentials.get(`${application} ${owner}`) ?? null,
    noteRefusal: async (application: string, { owner, sealed }: StoredCredentials) => {
      const stored = credentials.get(`${application} ${owner}`);
      if (stored?.sealed === sealed) credentials.set(`${application} ${owner}`, { ...stored, refusedAt: clock.now() });
    },
  };
  const sessions = new Map<string, Session>();
  const codes = new Map<string, SignInCode>();
  const tunnels: Tunnel[] = [tunnel({ connectionId: 'tunnel-a=', seenAt: clock.now() })];
  const connectors: Connector[] = [];
  const behaviours = new Map<string, Behaviour | 'gone' | Error>([['tunnel-a=', answerWith('hello')]]);
  const received: Received[] = [];
  /** How long a post takes. */
  const pace = { postMs: 0 };
  const replyTo = new Map<string, string>();
  /** Portal sessions whose use was noted. */
  const notes: string[] = [];
  /** Portal sessions that were to be refreshed. */
  const refreshes: string[] = [];
  const askRefresh = async (portalSession: string) => {
    refreshes.push(portalSession);
    if (failing.refreshes) throw failing.refreshes;
  };
  /** What the portal was asked tokens for, and what it answers. */
  const tokenAsks: TokenAsk[] = [];
  const tokenAnswer: { give: (ask: TokenAsk) => Promise<TokenAnswer> } = {
    give: async ({ application: id, by }) => ({ token: `for ${id} by ${JSON.stringify(by)}`, goodUntil: clock.now() + 3_600_000 }),
  };
  const askToken = (ask: TokenAsk) => {
    tokenAsks.push(ask);
    return tokenAnswer.give(ask);
  };
  const reads = { directory: 0, sessions: 0, registry: 0 };
  const failing: { directory?: Error; sessions?: Error; registry?: Error; notes?: Error; refreshes?: Error } = {};

  const reader =
    <Args extends unknown[], Value>(store: keyof typeof reads, read: (...args: Args) => Value) =>
    async (...args: Args): Promise<Value> => {
      reads[store] += 1;
      if (failing[store]) throw failing[store];
      return read(...args);
    };

  const post = async (connectionId: string, text: string): Promise<'posted' | 'gone'> => {
    const behaviour = behaviours.get(connectionId) ?? 'gone';
    if (behaviour instanceof Error) throw behaviour;
    if (behaviour === 'gone') return 'gone';
    if (pace.postMs > 0) await new Promise<void>((resolve) => void clock.after(pace.postMs, resolve));
    const known = tunnels.find((one) => one.connectionId === connectionId);
    const secret = keyOf(known?.connector ?? 'connector-a');
    const key = known?.keysApart ? connectorSide(secret) : secret;
    const { frame, payload } = decode(text, () => key);
    const taken: Received = { tunnel: connectionId, frame: frame as RouterFrame, payload };
    received.push(taken);
    if (frame.type === 'request' || frame.type === 'part' || frame.type === 'reply-to') replyTo.set(frame.exchange, frame.replyTo);
    setImmediate(() => behaviour(taken, (reply, body) => replyApi.post(replyTo.get(reply.exchange)!, encode(reply, key, body))));
    return 'posted';
  };

  const channel = new ReplySocket({ url: 'wss://reply.example.com/v1', dial: replyApi.dial, ticket: async () => 'ticket', clock, log });
  const store = {
    create: async (created: Session) => void sessions.set(created.id, created),
    noteUse: async ({ parent }: Pick<Session, 'parent'>) => {
      if (failing.notes) throw failing.notes;
      notes.push(parent);
    },
    find: reader('sessions', (id: string) => sessions.get(id) ?? null),
    createCode: async (code: SignInCode) => void codes.set(code.id, code),
    takeCode: reader('sessions', (id: string) => {
      const code = codes.get(id) ?? null;
      codes.delete(id);
      return code;
    }),
  };
  const router = createRouter({
    edge,
    look: createLook({ name: 'Example', color: null, support: null }),
    portalUrl: 'https://portal.example.com',
    limits: createSourceLimits({ count: counters.count, now: clock.now }),
    directory: cachedDirectory(
      {
        applicationsOn: reader('directory', (host: string) => applications.filter((known) => known.host === host)),
        publishedAt: reader('directory', (authority: string) => publishedAt(applications, authority)),
      },
      clock,
    ),
    freshDirectory: { applicationsOn: reader('directory', (host: string) => applications.filter((known) => known.host === host)) },
    tunnels: cachedTunnels(
      {
        tunnels: reader('registry', (group: string) => tunnels.filter((known) => known.group === group)),
        connectors: reader('registry', () => connectors),
      },
      clock,
    ),
    findSession: cachedSessions(store, clock),
    sessions: store,
    keepUp: createKeepUp({ sessions: store, askRefresh, clock, log }),
    findServiceToken: async (id) => serviceTokens.get(id) ?? null,
    freshServiceToken: async (id) => serviceTokens.get(id) ?? null,
    accessTokens,
    assertUser: createAssertUser({
      secret: async () => ASSERTION_SECRET,
      portalUrl: 'https://portal.example.com',
      now: clock.now,
      newId: randomSecret,
    }),
    passwords: createPasswords(credentialStore, clock),
    tokenOf: createTokenOf({ ask: askToken, now: clock.now }),
    issuers: [PROVIDER.issuer],
    ticketKey: async () => TICKET_KEY,
    replyUrl: 'wss://reply.example.com/live',
    socketScript: () => '/* script */',
    workerScript: () => '/* worker */',
    asideScript: () => '/* aside */',
    signInAgainScript: { offer: () => 'the script that offers', 'at-once': () => 'the script that goes at once' },
    post,
    channel,
    uploadScript: () => 'the script of uploads',
    uploadKey: async () => uploadKey(MASTER_KEY),
    frameKeyOf: async (tunnel) => frameKey(MASTER_KEY, tunnel),
    clock,
    log,
    random: () => chance.next,
    newSecret: randomSecret,
    newExchangeId: randomSecret,
    ...stores,
  });

  /** A cookie with which `user` is signed in at the host. */
  const signIn = (changes: Partial<Session> = {}): string => {
    const secret = randomSecret();
    sessions.set(digest(secret), session({ id: digest(secret), expiresAt: clock.now() + 3_600_000, ...changes }));
    return `${SESSION_COOKIE}=${secret}`;
  };

  const begin = (asked: ProxyEvent, deadlineAt = clock.now() + 900_000) => {
    const response = recordResponse();
    let failure: unknown = null;
    let finished = false;
    const done = router(asked, response, deadlineAt).then(
      () => {
        finished = true;
      },
      (error: unknown) => {
        finished = true;
        failure = error;
      },
    );
    return { response, done, failure: () => failure, finished: () => finished };
  };

  /** The whole answer to a request. */
  const answer = async (changes: EventChanges = {}) => {
    const { response, done } = begin(event(changes));
    await done;
    return response;
  };

  /** Begins a signed-in request and turns the event loop until it needs time. */
  const ask = async (changes: EventChanges = {}) => {
    const asked = begin(event({ ...changes, headers: { Cookie: [signIn()], ...changes.headers } }));
    await turn();
    return asked;
  };

  const requests = (): RequestFrame[] => received.flatMap(({ frame }) => (frame.type === 'request' ? [frame] : []));
  const logged = (name: string) => lines.filter(({ event: known }) => known === name);

  return {
    chance,
    counters,
    serviceTokens,
    clock,
    replyApi,
    lines,
    logged,
    applications,
    credentials,
    sessions,
    codes,
    tunnels,
    connectors,
    behaviours,
    pace,
    received,
    requests,
    reads,
    notes,
    refreshes,
    tokenAsks,
    tokenAnswer,
    failing,
    channel,
    keyOf,
    signIn,
    begin,
    answer,
    ask,
    host: HOST,
  };
};
