// What a request that came in wants of an application. Most want what they name; a call to an upload, or for a WebSocket, stands for the
// request whose body or handshake it is, and is decided on as that.
import { UPLOADS_PATH } from '../../protocol/upload-client.ts';
import type { Answer } from './answer.ts';
import type { CanonicalRequest } from './canonical-request.ts';
import type { ExternalUrls } from './external-url.ts';
import { answerOwnPath, type OwnPathPorts } from './own-path.ts';
import { readPageCall } from './page-call.ts';
import { type AskedSocket, readSocketAt, readSocketRequest } from './socket-request.ts';
import type { Trace } from './trace.ts';
import { abilities, type CallPorts, isUploads, readBeginAt, readCall, readNamed, type UploadCall } from './uploads/call.ts';

export interface Wanted {
  readonly request: CanonicalRequest;
  readonly upload: UploadCall | null;
  readonly socket: AskedSocket | null;
}

export interface WantedPorts extends OwnPathPorts, CallPorts {
  readonly clock: OwnPathPorts['clock'];
  readonly urls: ExternalUrls;
  readonly ticketKey: () => Promise<Uint8Array>;
}

/** An answer of the router's own where the path alone says it. Notes in `trace` what is decided on from here. */
export const readWanted = async (ports: WantedPorts, received: CanonicalRequest, trace: Trace): Promise<Wanted | Answer> => {
  const call = readPageCall(received, ports.urls);
  const upload = call === 'upload' ? readBeginAt(received) : await readUpload(ports, received, trace);
  if (upload !== null) return 'status' in upload ? upload : { request: upload.target, upload, socket: null };
  const socket =
    call === 'socket' ? readSocketAt(received) : await readSocketRequest(received, ports.urls, ports.ticketKey, trace.startedAt);
  if (socket !== null) {
    trace.request = socket.request;
    return { request: socket.request, upload: null, socket };
  }
  const found = await answerOwnPath(ports, received);
  return found === null ? { request: received, upload: null, socket: null } : trace.own(found.what, found.answer);
};

const readUpload = async (ports: CallPorts, received: CanonicalRequest, trace: Trace): Promise<UploadCall | Answer | null> => {
  if (!isUploads(received.path)) return readNamed(ports, received);
  // The address of an upload is for whoever began it, and for no log.
  trace.request = { ...received, path: UPLOADS_PATH };
  if (received.method === 'OPTIONS') return trace.own('upload-abilities', abilities());
  const call = await readCall(ports, received);
  trace.request = call.target;
  return call;
};
