// The router (D12: it knows no AWS). One request at a time through the passes in their fixed order: resolve, authenticate,
// authorise, clean headers, open exchange, relay. Each may refuse; whatever fails, the user gets an answer with a code.

import type { StepUp } from '../../policy/decide.ts';
import { asSallyportError, type ErrorCode, SallyportError } from '../../protocol/errors.ts';
import { UPLOADS_PATH } from '../../protocol/upload-client.ts';
import type { Edge } from '../../tenants/edge.ts';
import { sourceOf } from '../edge.ts';
import { countedAs, type SourceLimits } from '../limits/source-limits.ts';
import type { Look } from '../pages/look.ts';
import type { Application, User } from '../stores/records.ts';
import { type Answer, redirect, send } from './answer.ts';
import type { TokenOf } from './application-token.ts';
import type { AssertUser } from './assertion.ts';
import { askedBy, challengeOf, refusalOf } from './audit-request.ts';
import { authenticate } from './authenticate.ts';
import type { TokenPorts } from './authenticate-token.ts';
import { authorise } from './authorise.ts';
import type { Caller } from './caller.ts';
import { type CanonicalRequest, canonicalHeaders, canonicalRequest, type ProxyEvent } from './canonical-request.ts';
import { createChallengeNotice } from './challenge-notice.ts';
import { type Cors, corsFor, isPreflight, NO_CORS, ownWithCors, preflightAnswer, withCors } from './cors.ts';
import { credentialsHelp, errorAnswer } from './error-page.ts';
import type { Exchange } from './exchange.ts';
import { createExternalUrls } from './external-url.ts';
import { createFlow, type Flow } from './flow.ts';
import { framedSignInAnswer } from './framed-sign-in.ts';
import { isInFrame, ownWithAncestors, withAncestors } from './framing.ts';
import { holding } from './hold.ts';
import type { KeepUp } from './keep-up.ts';
import { maintenanceAnswer } from './maintenance.ts';
import { type OpenPorts, openExchange } from './open-exchange.ts';
import { answerOwnPath } from './own-path.ts';
import { isPageLoad } from './page-load.ts';
import type { Passwords } from './passwords.ts';
import { platformHeaders } from './platform-headers.ts';
import type { FindSession, ReadDirectory, SessionStore, UserResponse } from './ports.ts';
import { NOTHING_TOLD, prepare, tellOf } from './prepare.ts';
import { bearerChallenge } from './protected-resource.ts';
import { relay } from './relay.ts';
import { resolve } from './resolve.ts';
import { responseHeaders } from './response-headers.ts';
import { signInAnswer } from './sign-in-redirect.ts';
import type { Introduction } from './single-sign-on.ts';
import { openedAnswer, resumedAnswer, type SocketPorts, socketAge } from './socket-answer.ts';
import { type AskedSocket, readSocketRequest } from './socket-request.ts';
import { createSocketScript } from './socket-script.ts';
import { answerUpload, noteRefusedUpload } from './uploads/answer.ts';
import {
  abilities,
  type CallPorts,
  isUploads,
  type ResponseCall,
  readCall,
  readNamed,
  refusalHeaders,
  type UploadCall,
} from './uploads/call.ts';
import { checkOwner, joinExchange } from './uploads/serve.ts';
import { absolutely } from './uploads/target.ts';
import { watchCaller } from './watch-caller.ts';

export interface RouterPorts extends OpenPorts, TokenPorts, SocketPorts, Pick<CallPorts, 'uploadKey'> {
  /** The CDN in front of the ingress; null where there is none. */
  readonly edge: Edge | null;
  readonly look: Look;
  readonly portalUrl: string;
  readonly limits: SourceLimits;
  readonly directory: ReadDirectory;
  /** For each request; may answer from memory. */
  readonly findSession: FindSession;
  /** For a sign-in that comes back. */
  readonly sessions: SessionStore;
  readonly keepUp: KeepUp;
  readonly assertUser: AssertUser;
  /** What `/.sallyport/upload.js` answers. */
  readonly uploadScript: () => string;
  readonly passwords: Passwords;
  readonly tokenOf: TokenOf;
  /** What `/.sallyport/socket.js` answers. */
  readonly socketScript: () => string;
  /** 256 random bits, base64url. */
  readonly newSecret: () => string;
}

/** Resolves when the user has the whole answer. Throws when a response that had begun was cut. */
export type Router = (event: ProxyEvent, response: UserResponse, deadlineAt: number) => Promise<void>;

/** What the log line of a request tells, as far as it is known. */
interface Trace {
  exchange?: Exchange;
  upload?: { readonly exchange: string; readonly connector: string };
  application?: string;
  user?: string;
  status?: number;
  /** When the passes were through, in milliseconds since the request came in. */
  resolved?: number;
  admitted?: number;
  /** Which answer of the router's own it was. */
  answer?: string;
}

/** A handshake has no body. */
const nothingYet = async (): Promise<Buffer> => Buffer.alloc(0);

export const createRouter = (ports: RouterPorts): Router => {
  const urls = createExternalUrls(ports.portalUrl);
  const socketScript = createSocketScript(ports.socketScript);
  const noticeChallenge = createChallengeNotice(ports.log);

  return async (event, response, deadlineAt) => {
    const startedAt = ports.clock.now();
    const trace: Trace = {};
    let request: CanonicalRequest | null = null;
    let known: Application | null = null;
    let cors: Cors = NO_CORS;
    let keptUp = Promise.resolve();
    const { address: source } = sourceOf(
      ports.edge,
      () => canonicalHeaders(event.multiValueHeaders),
      event.requestContext.identity.sourceIp,
    );
    const log = ports.log.with({ request: event.requestContext.requestId, address: source });
    const sinceStart = () => ports.clock.now() - startedAt;
    const tell = (level: 'info' | 'warn' | 'error', name: string, fields: object): void =>
      log[level](name, { ...traced(trace), method: request?.method, host: request?.host, ms: sinceStart(), ...fields });
    const options = () => ({
      id: trace.exchange?.id ?? trace.upload?.exchange ?? event.requestContext.requestId,
      time: ports.clock.now(),
      look: ports.look,
      portal: urls.portal,
      pageLoad: request === null ? looksLikePageLoad(event) : isPageLoad(request.method, request.headers),
    });

    try {
      request = canonicalRequest(event, ports.edge);
      const answer = await passes(request);
      if (answer !== null) {
        await send(response, ownWithAncestors(ownWithCors(answer, cors), known), event.httpMethod);
        const audit = trace.answer === 'step-up' ? challengeOf(asked(), answer.status) : undefined;
        tell('info', 'request.answered', { status: answer.status, audit });
      }
    } catch (error) {
      const failure = asSallyportError(error);
      const attempt = { address: source, method: event.httpMethod, path: request?.path ?? event.path };
      await failed(await ports.limits.refused(failure, countedAs(failure), attempt, log));
    } finally {
      await Promise.all([trace.exchange?.settled(), keptUp]);
    }

    function asked() {
      return askedBy(request, event.httpMethod, trace);
    }

    /** RFC 6750 §3: with what a program may come again. */
    function challenged(answer: Answer, code: ErrorCode): Answer {
      const challenge = known === null || request === null ? null : bearerChallenge(code, known, request.host, urls);
      return challenge === null ? answer : { ...answer, headers: [...answer.headers, ['WWW-Authenticate', challenge]] };
    }

    function own(what: string, answer: Answer): Answer {
      trace.answer = what;
      return answer;
    }

    /** The router's own answer, or null when the origin's has been relayed. */
    async function passes(received: CanonicalRequest): Promise<Answer | null> {
      const call = isUploads(received.path) ? await uploadCall(received) : await readNamed(ports, received);
      if (call !== null && 'status' in call) return own('upload-abilities', call);
      // Whatever is asked of an upload is decided on as the request whose body it is.
      if (call !== null) return withApplication(call.target, call);
      const socket = await readSocketRequest(received, urls, ports.ticketKey, startedAt);
      // From here on it is the request that the page made of its WebSocket.
      if (socket !== null) {
        request = socket.request;
        return withApplication(socket.request, null, socket);
      }
      const found = await answerOwnPath({ ...ports, log, urls }, received);
      return found === null ? withApplication(received, null) : own(found.what, found.answer);
    }

    async function uploadCall(received: CanonicalRequest): Promise<UploadCall | Answer> {
      // The address of an upload is for whoever began it, and for no log.
      request = { ...received, path: UPLOADS_PATH };
      if (received.method === 'OPTIONS') return abilities();
      const call = await readCall(ports, received);
      request = call.target;
      return call;
    }

    async function withApplication(
      request: CanonicalRequest,
      call: UploadCall | null,
      socket: AskedSocket | null = null,
    ): Promise<Answer | null> {
      const resolved = await resolve(ports.directory, request);
      const { application } = resolved;
      trace.application = application.id;
      known = application;
      trace.resolved = sinceStart();
      cors = corsFor(application, request, urls);
      const preflight = isPreflight(request) ? preflightAnswer(cors, request) : null;
      if (preflight !== null) return own('preflight', preflight);
      if (call === null && 'slash' in resolved)
        return own('slash', redirect(308, urls.origin(request.host) + resolved.slash + request.query));

      const caller = await identify(request, application);
      const signIn = (stepUp: StepUp | null) =>
        challenged(
          isInFrame(application, request)
            ? framedSignInAnswer({ ...ports, urls }, request, stepUp)
            : signInAnswer({ urls, newSecret: ports.newSecret }, request, application.path, options(), stepUp),
          stepUp === null ? 'ERR_SIGN_IN_REQUIRED' : 'ERR_STEP_UP_REQUIRED',
        );
      if (caller === 'nobody') {
        if (isPreflight(request))
          throw new SallyportError('ERR_PREFLIGHT_REFUSED', `No rule of ${application.id} lists the origin for this path.`);
        return own('sign-in', signIn(null));
      }
      keptUp = caller?.keepUp(true) ?? keptUp;
      const user = caller?.user ?? null;
      if (user !== null) trace.user = user.username;
      const stepUp = await authorise(application, request, caller, ports.clock.now());
      if (stepUp !== null) return own('step-up', signIn(stepUp));
      trace.admitted = sinceStart();
      if (call !== null) checkOwner(application, caller, call);
      const maintenance = maintenanceAnswer(application, options());
      if (maintenance !== null) return own('maintenance', maintenance);
      if (socket !== null) return own('socket', await socketAnswer(request, application, caller, socket));
      const flow = createFlow();
      const ended = new AbortController();
      const stopWatch = watchCaller(caller, ports.clock, flow.inUse, (error) => {
        trace.exchange?.cancel(error);
        ended.abort(error);
      });
      try {
        if (call !== null && call.kind !== 'response') {
          const asked = { call, application, caller, served: { gone: AbortSignal.any([response.gone, ended.signal]), deadlineAt, found } };
          return own('upload', await holding(ports.clock, response, answerUpload({ ...ports, log, urls, socketScript }, asked)));
        }
        const told = call === null ? await tellOf(ports, application, caller, request.host) : NOTHING_TOLD;
        try {
          await exchangeWith(request, application, user, told, flow, call);
        } catch (error) {
          const { signOn } = told;
          const refused = error instanceof SallyportError && error.code === 'ERR_CREDENTIALS_REFUSED';
          if (!refused || caller === null || signOn?.method !== 'password' || response.begun) throw error;
          const other = await ports.passwords.refused(application, caller, signOn);
          if (other === null) throw error;
          await exchangeWith(request, application, user, { ...told, signOn: other }, flow, call);
        }
        return null;
      } catch (error) {
        if (call !== null && caller !== null) await noteRefusedUpload(ports, application, caller, call, error);
        throw error;
      } finally {
        stopWatch();
      }
    }

    function found(exchange: string, connector: string): void {
      trace.upload = { exchange, connector };
    }

    /** Null where the application lets everyone pass. */
    async function identify(request: CanonicalRequest, application: Application): Promise<Caller | null | 'nobody'> {
      if (application.preAuthentication === 'pass-through') return null;
      return (await authenticate(ports, application, request)) ?? 'nobody';
    }

    /** The application is asked for the WebSocket now; the user then connects to it by the Reply API. */
    async function socketAnswer(
      request: CanonicalRequest,
      application: Application,
      caller: Caller | null,
      socket: AskedSocket,
    ): Promise<Answer> {
      if (socket.resumed !== null) return resumedAnswer(ports, application, socket, caller);
      const told = await tellOf(ports, application, caller, request.host);
      const prepared = await prepare({ ...ports, log, urls, socketScript }, request, application, caller?.user ?? null, told);
      const upgrade = {
        protocols: socket.protocols,
        maxAgeMs: socketAge(application, caller, ports.clock.now()),
        idleMs: application.webSockets.idleMs,
      };
      const { exchange, head } = await openExchange(
        { ...ports, log },
        { group: application.connectorGroup, request: { ...prepared.request, upgrade }, body: request.body, ...timed() },
      );
      trace.status = head.status;
      if (head.status !== 101) {
        exchange.cancel(new SallyportError('ERR_USER_GONE'));
        throw new SallyportError('ERR_SOCKET_REFUSED', `The application answered the handshake with ${head.status}.`);
      }
      const { headers } = await prepared.translation.response({ ...head, headers: responseHeaders(head.headers, application) }, nothingYet);
      const at = { exchange: exchange.id, connector: exchange.connector, tunnel: exchange.course.tunnel };
      return openedAnswer(ports, application, request, caller, at, headers);
    }

    function timed() {
      return {
        receivedAt: startedAt,
        deadlineAt,
        gone: response.gone,
        attempted: (attempt: Exchange) => {
          trace.exchange = attempt;
        },
      };
    }

    async function exchangeWith(
      request: CanonicalRequest,
      application: Application,
      user: User | null,
      told: Introduction,
      flow: Flow,
      upload: ResponseCall | null,
    ): Promise<void> {
      const { translation, request: asked } = await prepare({ ...ports, log, urls, socketScript }, request, application, user, told);
      const opening =
        upload === null
          ? openExchange({ ...ports, log }, { group: application.connectorGroup, request: asked, body: request.body, ...timed() })
          : joinExchange({ ...ports, log }, upload, asked, timed());
      const { exchange, head } = await holding(ports.clock, response, opening);
      if (head.status === 101)
        throw new SallyportError('ERR_ORIGIN_INVALID', 'The application changed the protocol, which nobody asked for.');
      trace.status = head.status;
      noticeChallenge(application.id, head.headers);
      const bytes = await relay(
        exchange,
        request.method,
        head,
        async (origin, first) => {
          const translated = await translation.response({ ...origin, headers: responseHeaders(origin.headers, application) }, first);
          const fields = upload === null ? translated.headers : absolutely(translated.headers, urls.origin(request.host), request);
          return {
            headers: withAncestors(withCors(platformHeaders(fields), cors), application),
            body: (parts) => translated.body(flow.through(parts)),
          };
        },
        response,
      );
      const links = translation.found();
      if (links.length > 0) tell('info', 'links.found', { page: request.host + request.path, links });
      tell('info', 'exchange.finished', { bytes });
    }

    async function failed(error: SallyportError): Promise<void> {
      const exchanged = trace.exchange !== undefined;
      const level = error.code === 'ERR_INTERNAL' ? 'error' : error.traits.hop === 'user' ? 'info' : 'warn';
      const refused =
        error.traits.hop === 'user' ? (trace.application === undefined ? 'request.refused' : 'exchange.refused') : 'request.failed';
      // What the user got: a head that is out stands, whatever becomes of its body.
      const status = response.begun && trace.status !== undefined ? trace.status : error.traits.status;
      tell(level, exchanged ? 'exchange.failed' : refused, { hop: error.traits.hop, status, error, audit: refusalOf(asked(), error) });
      // Half an answer cannot become an error page: it is cut, so that nobody takes it for a whole one.
      if (response.gone.aborted) return;
      if (response.begun) throw error;
      const refusal = challenged(
        errorAnswer({ ...options(), code: error.code, ...credentialsHelp(error.code, known, options()) }),
        error.code,
      );
      const told = isUploads(event.path) ? { ...refusal, headers: [...refusal.headers, ...refusalHeaders(error.code)] } : refusal;
      const answer = ownWithCors(told, cors);
      await send(response, ownWithAncestors(answer, known), event.httpMethod);
    }
  };
};

const traced = ({ exchange, upload, ...known }: Trace) => ({
  ...upload,
  ...(exchange && { exchange: exchange.id, connector: exchange.connector, ...exchange.course }),
  ...known,
});

/** For a request that could not be read: decides nothing but the form of the refusal. */
const looksLikePageLoad = (event: ProxyEvent): boolean => {
  try {
    return isPageLoad(event.httpMethod, canonicalHeaders(event.multiValueHeaders));
  } catch {
    return false;
  }
};
