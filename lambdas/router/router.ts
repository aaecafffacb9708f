// The router (D12: it knows no AWS). One request at a time through the passes in their fixed order: resolve, authenticate,
// authorise, clean headers, open exchange, relay. Each may refuse; whatever fails, the user gets an answer with a code.

import type { StepUp } from '../../policy/decide.ts';
import { asSallyportError, type ErrorCode, SallyportError } from '../../protocol/errors.ts';
import type { Edge } from '../../tenants/edge.ts';
import { sourceOf } from '../edge.ts';
import { countedAs, type SourceLimits } from '../limits/source-limits.ts';
import type { Look } from '../pages/look.ts';
import type { Application, ApplicationHere } from '../stores/records.ts';
import { type Answer, redirect, send } from './answer.ts';
import type { TokenOf } from './application-token.ts';
import type { AssertUser } from './assertion.ts';
import { type AuthenticatePorts, authenticate } from './authenticate.ts';
import type { TokenPorts } from './authenticate-token.ts';
import { authorise } from './authorise.ts';
import type { Caller } from './caller.ts';
import { type CanonicalRequest, canonicalHeaders, canonicalRequest, type ProxyEvent } from './canonical-request.ts';
import { createChallengeNotice } from './challenge-notice.ts';
import { corsFor, isPreflight, ownWithCors, preflightAnswer } from './cors.ts';
import { credentialsHelp, errorAnswer } from './error-page.ts';
import { createExternalUrls } from './external-url.ts';
import { createFlow } from './flow.ts';
import { checkPage } from './foreign-page.ts';
import { forward } from './forward.ts';
import { framedSignInAnswer } from './framed-sign-in.ts';
import { isInFrame, ownWithAncestors } from './framing.ts';
import { holding } from './hold.ts';
import type { KeepUp } from './keep-up.ts';
import { maintenanceAnswer } from './maintenance.ts';
import type { Asker, OpenPorts } from './open-exchange.ts';
import { isPageLoad } from './page-load.ts';
import type { Passwords } from './passwords.ts';
import type { FindSession, FreshDirectory, ReadDirectory, SessionStore, UserResponse } from './ports.ts';
import { bearerChallenge } from './protected-resource.ts';
import { createReach } from './reach.ts';
import { resolve } from './resolve.ts';
import { asideAnswer, isWorkerScript } from './service-worker.ts';
import { signInAnswer } from './sign-in-redirect.ts';
import type { SocketPorts } from './socket-answer.ts';
import { answerSocket } from './socket-handshake.ts';
import { createStillAllowed } from './still-allowed.ts';
import { Trace } from './trace.ts';
import { answerUpload, noteRefusedUpload } from './uploads/answer.ts';
import { type CallPorts, isUploads, refusalHeaders } from './uploads/call.ts';
import { checkOwner } from './uploads/serve.ts';
import { readWanted, type Wanted } from './wanted.ts';
import { watchCaller } from './watch-caller.ts';

export interface RouterPorts extends Omit<OpenPorts, 'reach'>, TokenPorts, SocketPorts, Pick<CallPorts, 'uploadKey'> {
  /** The CDN in front of the ingress; null where there is none. */
  readonly edge: Edge | null;
  readonly look: Look;
  readonly portalUrl: string;
  readonly limits: SourceLimits;
  readonly directory: ReadDirectory;
  /** For what stays open. */
  readonly freshDirectory: FreshDirectory;
  /** For each request; may answer from memory. */
  readonly findSession: FindSession;
  /** For a sign-in that comes back. */
  readonly sessions: SessionStore;
  readonly keepUp: KeepUp;
  readonly assertUser: AssertUser;
  /** What `/.sallyport/upload.js` answers. */
  readonly uploadScript: () => string;
  /** What the scripts answer that lead signed-out pages to sign in. */
  readonly signInAgainScript: Readonly<Record<'offer' | 'at-once', () => string>>;
  /** Goes before applications' service workers. */
  readonly workerScript: () => string;
  /** A service worker that steps aside. */
  readonly asideScript: () => string;
  readonly passwords: Passwords;
  readonly tokenOf: TokenOf;
  /** What `/.sallyport/socket.js` answers. */
  readonly socketScript: () => string;
  /** 256 random bits, base64url. */
  readonly newSecret: () => string;
}

/** Resolves when the user has the whole answer. Throws when a response that had begun was cut. */
export type Router = (event: ProxyEvent, response: UserResponse, deadlineAt: number) => Promise<void>;

export const createRouter = (ports: RouterPorts): Router => {
  const urls = createExternalUrls(ports.portalUrl);
  const noticeChallenge = createChallengeNotice(ports.log);
  const reach = createReach(ports.clock);

  return async (event, response, deadlineAt) => {
    const { address: source } = sourceOf(
      ports.edge,
      () => canonicalHeaders(event.multiValueHeaders),
      event.requestContext.identity.sourceIp,
    );
    const log = ports.log.with({ request: event.requestContext.requestId, address: source });
    const trace = new Trace(event.httpMethod, ports.clock, log);
    const within = { ...ports, log, urls, reach, noticeChallenge };
    const asker: Asker = {
      ...{ receivedAt: trace.startedAt, deadlineAt, gone: response.gone },
      attempted: (exchange) => {
        trace.exchange = exchange;
      },
    };
    let keptUp = Promise.resolve();

    try {
      const request = canonicalRequest(event, ports.edge);
      trace.request = request;
      const wanted = await readWanted({ ...ports, log, urls }, request, trace);
      const answer = 'status' in wanted ? wanted : await passes(wanted);
      if (answer !== null) {
        await sendOwn(answer);
        trace.tellAnswer(answer);
      }
    } catch (error) {
      const failure = asSallyportError(error);
      const attempt = { address: source, method: event.httpMethod, path: trace.request?.path ?? event.path };
      await failed(await ports.limits.refused(failure, countedAs(failure), attempt, log));
    } finally {
      await Promise.all([trace.exchange?.settled(), keptUp]);
    }

    /** The router's own answer, or null when the application's has been relayed. */
    async function passes(wanted: Wanted): Promise<Answer | null> {
      const { request, upload, socket } = wanted;
      // Nobody asks while a WebSocket is open: what it begins with is true now, not ten seconds ago.
      const fresh = socket === null ? {} : { findSession: ports.sessions.find, findServiceToken: ports.freshServiceToken };
      const resolved = await resolve(socket === null ? ports.directory : ports.freshDirectory, request);
      const { application } = resolved;
      trace.resolved(application);
      trace.cors = corsFor(application, request, urls);
      const preflight = isPreflight(request) ? preflightAnswer(trace.cors, request) : null;
      if (preflight !== null) return trace.own('preflight', preflight);
      if (upload === null && 'slash' in resolved)
        return trace.own('slash', redirect(308, urls.origin(request.host) + resolved.slash + request.query));

      const caller = await identify({ ...ports, ...fresh }, request, application);
      if (caller === 'nobody') {
        if (isPreflight(request))
          throw new SallyportError('ERR_PREFLIGHT_REFUSED', `No rule of ${application.id} lists the origin for this path.`);
        return trace.own('sign-in', signIn(request, application, null));
      }
      // That API Gateway ends connections is nobody’s use of a session.
      keptUp = caller?.keepUp(!socket?.resumed) ?? keptUp;
      trace.user = caller?.user.username;
      await checkPage(within, application, request, caller);
      const stepUp = await authorise(application, request, caller, ports.clock.now());
      if (stepUp !== null) return trace.own('step-up', signIn(request, application, stepUp));
      trace.admitted();
      if (upload !== null) checkOwner(application, caller, upload);
      const maintenance = maintenanceAnswer(application, page());
      if (maintenance !== null) return trace.own('maintenance', maintenance);
      if (socket !== null) return trace.own('socket', await answerSocket(within, application, caller, socket, asker, trace));
      return exchangeFor(wanted, application, caller);
    }

    /** Null where the application lets everyone pass. */
    async function identify(
      from: AuthenticatePorts,
      request: CanonicalRequest,
      application: Application,
    ): Promise<Caller | null | 'nobody'> {
      if (application.preAuthentication === 'pass-through') return null;
      return (await authenticate(from, application, request)) ?? 'nobody';
    }

    function signIn(request: CanonicalRequest, application: Application, stepUp: StepUp | null): Answer {
      if (isWorkerScript(request)) return asideAnswer(ports.asideScript());
      const answer = isInFrame(application, request)
        ? framedSignInAnswer({ ...ports, urls }, request, stepUp)
        : signInAnswer({ urls, newSecret: ports.newSecret }, request, application, page(), stepUp);
      return challenged(answer, stepUp === null ? 'ERR_SIGN_IN_REQUIRED' : 'ERR_STEP_UP_REQUIRED');
    }

    /** May take long, and ends when the caller's session or token does. */
    async function exchangeFor({ request, upload }: Wanted, application: ApplicationHere, caller: Caller | null): Promise<Answer | null> {
      const flow = createFlow();
      const ended = new AbortController();
      const stillAllowed = createStillAllowed(ports, application, request, caller);
      const end = (error: SallyportError): void => {
        trace.exchange?.cancel(error);
        ended.abort(error);
      };
      const stopWatch = watchCaller({ caller, stillAllowed, inUse: flow.inUse, ended: end }, ports.clock);
      try {
        if (upload !== null && upload.kind !== 'response') {
          const served = { gone: AbortSignal.any([response.gone, ended.signal]), deadlineAt, found };
          const answer = answerUpload(within, { call: upload, application, caller, served });
          return trace.own('upload', await holding(ports.clock, response, answer));
        }
        await forward(within, { request, application, caller, upload, flow }, asker, response, trace);
        return null;
      } catch (error) {
        if (upload !== null && caller !== null) await noteRefusedUpload(ports, application, caller, upload, error);
        throw error;
      } finally {
        stopWatch();
      }
    }

    function found(exchange: string, connector: string): void {
      trace.upload = { exchange, connector };
    }

    async function failed(error: SallyportError): Promise<void> {
      trace.tellFailure(error, response.begun);
      // Half an answer cannot become an error page: it is cut, so that nobody takes it for a whole one.
      if (response.gone.aborted) return;
      if (response.begun) throw error;
      const { code } = error;
      const refusal = challenged(errorAnswer({ ...page(), code, ...credentialsHelp(code, trace.application, page()) }), code);
      await sendOwn(isUploads(event.path) ? { ...refusal, headers: [...refusal.headers, ...refusalHeaders(code)] } : refusal);
    }

    /** RFC 6750 §3: with what a program may come again. */
    function challenged(answer: Answer, code: ErrorCode): Answer {
      const { application, request } = trace;
      const challenge = application === null || request === null ? null : bearerChallenge(code, application, request.host, urls);
      return challenge === null ? answer : { ...answer, headers: [...answer.headers, ['WWW-Authenticate', challenge]] };
    }

    function sendOwn(answer: Answer): Promise<void> {
      return send(response, ownWithAncestors(ownWithCors(answer, trace.cors), trace.application), event.httpMethod);
    }

    /** What the pages of our own show of a request. */
    function page() {
      const { request } = trace;
      return {
        id: trace.exchangeId ?? event.requestContext.requestId,
        time: ports.clock.now(),
        look: ports.look,
        portal: urls.portal,
        pageLoad: request === null ? looksLikePageLoad(event) : isPageLoad(request.method, request.headers),
      };
    }
  };
};

/** For a request that could not be read: decides nothing but the form of the refusal. */
const looksLikePageLoad = (event: ProxyEvent): boolean => {
  try {
    return isPageLoad(event.httpMethod, canonicalHeaders(event.multiValueHeaders));
  } catch {
    return false;
  }
};
