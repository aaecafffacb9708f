// The request goes to the application, and the application's answer to the user. Refused credentials are tried anew once, where the user has
// entered others meanwhile.
import { SallyportError } from '../../protocol/errors.ts';
import type { ApplicationHere } from '../stores/records.ts';
import type { Caller } from './caller.ts';
import type { CanonicalRequest } from './canonical-request.ts';
import type { ChallengeNotice } from './challenge-notice.ts';
import { withCors } from './cors.ts';
import type { Flow } from './flow.ts';
import { withAncestors } from './framing.ts';
import { holding } from './hold.ts';
import { type Asker, openExchange } from './open-exchange.ts';
import { platformHeaders } from './platform-headers.ts';
import type { UserResponse } from './ports.ts';
import { NOTHING_TOLD, prepare, type TellPorts, tellOf } from './prepare.ts';
import { relay } from './relay.ts';
import { responseHeaders } from './response-headers.ts';
import type { Introduction } from './single-sign-on.ts';
import { withOwnSiteData } from './site-data.ts';
import type { Trace } from './trace.ts';
import type { TranslationPorts } from './translation/exchange-translation.ts';
import type { ResponseCall } from './uploads/call.ts';
import { joinExchange, type ServePorts } from './uploads/serve.ts';
import { absolutely } from './uploads/target.ts';

export interface Forwarded {
  readonly request: CanonicalRequest;
  readonly application: ApplicationHere;
  /** Null where the application lets everyone pass. */
  readonly caller: Caller | null;
  /** The upload that is the request's body and has gone up already; null for a body of its own. */
  readonly upload: ResponseCall | null;
  readonly flow: Flow;
}

type ForwardPorts = ServePorts & TellPorts & TranslationPorts & { readonly noticeChallenge: ChallengeNotice };

/** Resolves when the user has the whole answer. */
export const forward = async (
  ports: ForwardPorts,
  forwarded: Forwarded,
  asker: Asker,
  response: UserResponse,
  trace: Trace,
): Promise<void> => {
  const { request, application, caller, upload } = forwarded;
  const told = upload === null ? await tellOf(ports, application, caller, request.host) : NOTHING_TOLD;
  try {
    await exchangeWith(ports, forwarded, told, asker, response, trace);
  } catch (error) {
    const { signOn } = told;
    const refused = error instanceof SallyportError && error.code === 'ERR_CREDENTIALS_REFUSED';
    if (!refused || caller === null || signOn?.method !== 'password' || response.begun) throw error;
    const other = await ports.passwords.refused(application, caller, signOn);
    if (other === null) throw error;
    await exchangeWith(ports, forwarded, { ...told, signOn: other }, asker, response, trace);
  }
};

const exchangeWith = async (
  ports: ForwardPorts,
  { request, application, caller, upload, flow }: Forwarded,
  told: Introduction,
  asker: Asker,
  response: UserResponse,
  trace: Trace,
): Promise<void> => {
  const { translation, request: asked } = await prepare(ports, request, application, caller?.user ?? null, told);
  const opening =
    upload === null
      ? openExchange(ports, { group: application.connectorGroup, request: asked, body: request.body, ...asker })
      : joinExchange(ports, upload, asked, asker);
  const { exchange, head } = await holding(ports.clock, response, opening);
  if (head.status === 101) throw new SallyportError('ERR_ORIGIN_INVALID', 'The application changed the protocol, which nobody asked for.');
  trace.status = head.status;
  ports.noticeChallenge(application.id, head.headers);
  const bytes = await relay(
    exchange,
    request.method,
    head,
    async (origin, first) => {
      const translated = await translation.response({ ...origin, headers: responseHeaders(origin.headers, application) }, first);
      const fields = upload === null ? translated.headers : absolutely(translated.headers, ports.urls.origin(request.host), request);
      return {
        headers: withAncestors(withCors(platformHeaders(withOwnSiteData(fields)), trace.cors), application),
        body: (parts) => translated.body(flow.through(parts)),
      };
    },
    response,
  );
  const links = translation.found();
  if (links.length > 0) trace.tell('info', 'links.found', { page: request.host + request.path, links });
  trace.tell('info', 'exchange.finished', { bytes });
};
