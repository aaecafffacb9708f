// The application is asked for a WebSocket now, by the request that its page made; the user then connects to it by the Reply API.
import { SallyportError } from '../../protocol/errors.ts';
import { digest } from '../keys.ts';
import type { ApplicationHere } from '../stores/records.ts';
import type { Answer } from './answer.ts';
import type { Caller } from './caller.ts';
import { type Asker, type OpenPorts, openExchange } from './open-exchange.ts';
import { prepare, type TellPorts, tellOf } from './prepare.ts';
import { responseHeaders } from './response-headers.ts';
import { openedAnswer, resumedAnswer, type SocketPorts, socketAge } from './socket-answer.ts';
import type { AskedSocket } from './socket-request.ts';
import type { Trace } from './trace.ts';
import type { TranslationPorts } from './translation/exchange-translation.ts';

type HandshakePorts = OpenPorts & TellPorts & TranslationPorts & SocketPorts;

/** A handshake has no body. */
const nothingYet = async (): Promise<Buffer> => Buffer.alloc(0);

/** `caller`: null where the application lets everyone pass. Throws ERR_SOCKET_REFUSED, and what asking the application or going on may throw. */
export const answerSocket = async (
  ports: HandshakePorts,
  application: ApplicationHere,
  caller: Caller | null,
  socket: AskedSocket,
  asker: Asker,
  trace: Trace,
): Promise<Answer> => {
  if (socket.resumed !== null) return resumedAnswer(ports, application, socket, caller);
  const { request } = socket;
  const told = await tellOf(ports, application, caller, request.host);
  const prepared = await prepare(ports, request, application, caller?.user ?? null, told);
  const upgrade = {
    protocols: socket.protocols,
    maxAgeMs: socketAge(application, caller, ports.clock.now()),
    idleMs: application.webSockets.idleMs,
    ...(caller && { owner: digest(`socket ${caller.handle}`) }),
  };
  const { exchange, head } = await openExchange(ports, {
    group: application.connectorGroup,
    request: { ...prepared.request, upgrade },
    body: request.body,
    ...asker,
  });
  trace.status = head.status;
  if (head.status !== 101) {
    exchange.cancel(new SallyportError('ERR_USER_GONE'));
    throw new SallyportError('ERR_SOCKET_REFUSED', `The application answered the handshake with ${head.status}.`);
  }
  const { headers } = await prepared.translation.response({ ...head, headers: responseHeaders(head.headers, application) }, nothingYet);
  const { id, connector, keysApart, course } = exchange;
  const at = { exchange: id, connector, keysApart, tunnel: course.tunnel };
  return openedAnswer(ports, application, request, caller, at, headers);
};
