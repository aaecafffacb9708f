// Answers what is asked of an upload, once the passes have let its request through. It belongs to whoever began it: the session or token
// that calls now must be the same, so that what ends those ends it too.
import { asSallyportError, SallyportError } from '../../../protocol/errors.ts';
import type { TakenFrame } from '../../../protocol/frames.ts';
import { UPLOADS_PATH } from '../../../protocol/upload-client.ts';
import { digest } from '../../keys.ts';
import type { Application, Tunnel } from '../../stores/records.ts';
import type { Answer } from '../answer.ts';
import { askInTurn } from '../ask-in-turn.ts';
import type { Caller } from '../caller.ts';
import { Exchange } from '../exchange.ts';
import type { OpenPorts } from '../open-exchange.ts';
import type { ResponseHead } from '../response-inbox.ts';
import { NOT_CARRIED_OUT } from '../run-elsewhere.ts';
import { sealUpload, type UploadState } from './address.ts';
import {
  type BeginCall,
  type CancelCall,
  type OffsetCall,
  type PartCall,
  type ResponseCall,
  type UploadCall,
  uploadAnswer,
} from './call.ts';
import { failureOf, UploadLine, type UploadRequest } from './line.ts';

export interface ServePorts extends OpenPorts {
  readonly uploadKey: () => Promise<Uint8Array>;
}

export interface Served {
  /** Aborted when the user has gone, with ERR_USER_GONE. */
  readonly gone: AbortSignal;
  readonly deadlineAt: number;
  /** Told of the exchange, so that the log has it whatever happens. */
  readonly found: (exchange: string, connector: string) => void;
}

/** Throws ERR_BODY_TOO_LARGE, ERR_UPLOAD_UNKNOWN. */
export const checkOwner = (application: Application, caller: Caller | null, call: UploadCall): void => {
  if (application.bigUploads === 'off')
    throw new SallyportError('ERR_BODY_TOO_LARGE', `${application.id} takes no uploads in parts (bigUploads: off).`);
  if (call.kind === 'begin') return;
  const { application: id, owner } = call.upload;
  if (id !== application.id || owner !== (caller?.handle ?? null))
    throw new SallyportError('ERR_UPLOAD_UNKNOWN', 'The upload was begun by another session or token, or for another application.');
};

/** Finds a connector that takes the request, and answers where its parts go. */
export const beginUpload = async (
  ports: ServePorts,
  { application, caller, call, request }: { application: Application; caller: Caller | null; call: BeginCall; request: UploadRequest },
  served: Served,
): Promise<Answer> => {
  // Not the handle itself, by which a session could be looked up.
  const owner = digest(`upload ${caller?.handle ?? call.target.clientAddress}`);
  const wish = { group: application.connectorGroup, request };
  const startedAt = ports.clock.now();
  return askInTurn<Answer>(ports, wish, null, async ({ tunnel }) => {
    const exchange = ports.newExchangeId();
    served.found(exchange, tunnel.connector);
    return withLine(ports, { exchange, tunnel }, served, async (line) => {
      try {
        const told = await line.begin(request, { length: call.length, owner });
        if (told === null) return 'gone';
      } catch (error) {
        const failure = asSallyportError(error);
        const notCarriedOut = NOT_CARRIED_OUT.has(failure.code);
        const told = { exchange, tunnel: tunnel.connectionId, ms: ports.clock.now() - startedAt };
        return { failed: { error: failure, notCarriedOut, unreached: line.unreached, postFailed: false, told } };
      }
      return { taken: await begun(ports, { application, caller, call, request, exchange, tunnel }) };
    });
  });
};

const begun = async (
  { uploadKey, clock }: ServePorts,
  {
    application,
    caller,
    call,
    request: { signOn },
    exchange,
    tunnel,
  }: { application: Application; caller: Caller | null; call: BeginCall; request: UploadRequest; exchange: string; tunnel: Tunnel },
): Promise<Answer> => {
  const { host, method, path, query } = call.target;
  const state: UploadState = {
    exchange,
    connector: tunnel.connector,
    group: tunnel.group,
    ...(tunnel.keysApart && { keysApart: true }),
    host,
    application: application.id,
    owner: caller?.handle ?? null,
    method,
    target: path + query,
    length: call.length,
    credentials: signOn?.method === 'password' ? digest(signOn.sealed) : null,
    begunAt: clock.now(),
  };
  const address = `${UPLOADS_PATH}/${await sealUpload(state, await uploadKey())}`;
  return uploadAnswer(201, [['Location', address]]);
};

/** Answers a part, a question or a cancellation. */
export const serveUpload = async (ports: ServePorts, call: PartCall | OffsetCall | CancelCall, served: Served): Promise<Answer> => {
  const { exchange } = call.upload;
  const tunnel = await tunnelOf(ports, call.upload);
  served.found(exchange, tunnel.connector);
  return withLine(ports, { exchange, tunnel }, served, async (line) => {
    if (call.kind === 'cancel') {
      line.cancel();
      return uploadAnswer(204);
    }
    const told = await line.ask();
    if (call.kind === 'offset') return uploadAnswer(200, [...offsetOf(told), ...lengthOf(told)]);
    return uploadAnswer(204, offsetOf(await takePart(line, call, told)));
  });
};

const takePart = async (line: UploadLine, call: PartCall, told: TakenFrame): Promise<TakenFrame> => {
  const { offset, bytes } = call;
  const until = offset + bytes.length;
  const length = told.length ?? call.length;
  if (told.over) throw answered();
  if (told.received !== offset)
    throw new SallyportError('ERR_UPLOAD_OFFSET', `The part begins at ${offset}; the connector has ${told.received} bytes.`);
  if (call.length !== null && call.length !== length)
    throw new SallyportError('ERR_UPLOAD_INVALID', `Upload-Length was ${length}, and now is ${call.length}.`);
  if (length !== null && until > length)
    throw new SallyportError('ERR_UPLOAD_INVALID', `The part ends at ${until}, beyond the Upload-Length of ${length}.`);
  const after = await line.send(offset, bytes, length);
  if (after.taken < until) throw answered();
  return after;
};

/** The response of the application, when it has the whole body or takes no more of it. */
export const joinExchange = async (
  ports: ServePorts,
  { upload }: ResponseCall,
  request: UploadRequest,
  { deadlineAt, receivedAt, attempted }: { deadlineAt: number; receivedAt: number; attempted: (exchange: Exchange) => void },
): Promise<{ readonly exchange: Exchange; readonly head: ResponseHead }> => {
  const tunnel = await tunnelOf(ports, upload);
  const exchange = new Exchange(
    {
      id: upload.exchange,
      tunnel,
      key: await ports.frameKeyOf(tunnel),
      request: { ...request, hasBody: true },
      body: Buffer.alloc(0),
      receivedAt,
      deadlineAt,
    },
    ports,
  );
  attempted(exchange);
  try {
    return { exchange, head: await exchange.join() };
  } catch (error) {
    if (error instanceof SallyportError) throw failureOf(error.code, error.message);
    throw error;
  }
};

/** The newest tunnel of the connector that has the upload: another connector does not know it. */
const tunnelOf = async ({ tunnels, clock }: ServePorts, { group, connector, keysApart }: UploadState): Promise<Tunnel> => {
  for (const read of [tunnels.tunnels, tunnels.freshTunnels]) {
    const known = (await read(group)).filter((tunnel) => tunnel.connector === connector && tunnel.expiresAt > clock.now());
    const [newest] = known.sort((one, other) => other.openedAt - one.openedAt);
    // The keys are those of the exchange as it began, whatever the connector has said since.
    if (newest) {
      const { keysApart: _, ...tunnel } = newest;
      return { ...tunnel, ...(keysApart && { keysApart }) };
    }
  }
  throw new SallyportError('ERR_NO_CONNECTOR', `Connector ${connector}, which has the upload, has no live tunnel.`);
};

const withLine = async <Value>(
  ports: ServePorts,
  { exchange, tunnel }: { readonly exchange: string; readonly tunnel: Tunnel },
  { gone, deadlineAt }: Served,
  work: (line: UploadLine) => Promise<Value>,
): Promise<Value> => {
  gone.throwIfAborted();
  const key = await ports.frameKeyOf(tunnel);
  const line = new UploadLine({ exchange, tunnel, key, deadlineAt }, ports);
  const leave = (): void => {
    const error = asSallyportError(gone.reason);
    // Who is signed out, or may not any more, brings no further part; who has gone may come again.
    if (error.code !== 'ERR_USER_GONE') line.cancel();
    void line.close(error);
  };
  gone.addEventListener('abort', leave, { once: true });
  try {
    return await work(line);
  } finally {
    gone.removeEventListener('abort', leave);
    await line.close();
  }
};

const offsetOf = ({ received }: TakenFrame) => [['Upload-Offset', String(received)]] as const;

const lengthOf = ({ length }: TakenFrame) =>
  length === null ? ([['Upload-Defer-Length', '1']] as const) : ([['Upload-Length', String(length)]] as const);

const answered = (): SallyportError =>
  new SallyportError('ERR_UPLOAD_ANSWERED', 'The application has answered, and takes no more of the body.');
