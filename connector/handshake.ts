// Asks an origin for a WebSocket (RFC 6455 §4.1), over the same connections and under the same rules as any request.
import { createHash, randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { SallyportError } from '../protocol/errors.ts';
import type { HeaderList } from '../protocol/frames.ts';
import { withoutHopByHop } from '../protocol/headers.ts';
import { OpenedSocket } from './origin-socket.ts';
import type { OriginAnswer, OriginCall } from './ports.ts';

const SWITCHING_PROTOCOLS = 101;
/** RFC 6455 §1.3. */
const SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
/** Made anew for the connection to the origin. */
const OF_THE_HANDSHAKE = /^(?:sec-websocket-.*|content-length|content-type|expect)$/i;

/** The origin's answer, with a socket where it is 101. Rejects with what the connection failed of. */
export const openSocket = (dispatcher: Dispatcher, call: OriginCall): Promise<OriginAnswer> =>
  new Promise((resolve, reject) => {
    const { origin, path, signal } = call;
    const protocols = call.upgrade?.protocols ?? [];
    const key = randomBytes(16).toString('base64');
    const fields: HeaderList = [
      ...withoutHopByHop(call.headers).filter(([name]) => !OF_THE_HANDSHAKE.test(name)),
      ['Sec-WebSocket-Version', '13'],
      ['Sec-WebSocket-Key', key],
      ...(protocols.length > 0 ? ([['Sec-WebSocket-Protocol', protocols.join(', ')]] as const) : []),
    ];
    let stop: () => void = () => undefined;
    let body: Readable | null = null;
    const release = () => signal.removeEventListener('abort', stop);
    const handler: Dispatcher.DispatchHandler = {
      onConnect: (abort) => {
        stop = () => abort(signal.reason as Error);
        if (signal.aborted) stop();
        else signal.addEventListener('abort', stop, { once: true });
      },
      onUpgrade: (status, raw, connection) => {
        release();
        const headers = pairs(raw);
        const fault = status === SWITCHING_PROTOCOLS ? faultOf(headers, key, protocols) : `its status is ${status}`;
        if (fault === null) {
          const socket = new OpenedSocket(connection as Socket);
          resolve({ status, headers: headers.filter(([name]) => !OF_THE_CONNECTION.test(name)), body: Readable.from([]), socket });
        } else {
          connection.destroy();
          reject(new SallyportError('ERR_ORIGIN_INVALID', `${origin} answered the handshake of a WebSocket wrongly: ${fault}.`));
        }
      },
      onHeaders: (status, raw, resume) => {
        if (status < 200) throw new SallyportError('ERR_ORIGIN_INVALID', `${origin} changed to another protocol than a WebSocket's.`);
        body = new Readable({ read: resume });
        resolve({ status, headers: withoutHopByHop(pairs(raw)), body });
        return true;
      },
      onData: (chunk) => body!.push(chunk),
      onComplete: () => {
        release();
        body?.push(null);
      },
      onError: (error) => {
        release();
        if (body === null) reject(error);
        else body.destroy(error);
      },
    };
    dispatcher.dispatch(
      { origin, path, method: 'GET', upgrade: 'websocket', headers: fields.flat(), opaque: call.connected } as never,
      handler,
    );
  });

/** Said of the handshake alone. */
const OF_THE_CONNECTION = /^(?:connection|upgrade|sec-websocket-(?:accept|extensions|version))$/i;

/** What is wrong with the answer; null: nothing. */
const faultOf = (headers: HeaderList, key: string, protocols: readonly string[]): string | null => {
  const valuesOf = (wanted: string): string[] => headers.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value.trim());
  const accept = createHash('sha1')
    .update(key + SUFFIX)
    .digest('base64');
  if (valuesOf('upgrade').join().toLowerCase() !== 'websocket') return 'it changed to another protocol';
  if (valuesOf('sec-websocket-accept').join() !== accept) return 'its Sec-WebSocket-Accept is not of this key';
  if (valuesOf('sec-websocket-extensions').join() !== '') return 'it uses an extension that nobody asked for';
  const [protocol, ...others] = valuesOf('sec-websocket-protocol');
  if (others.length > 0 || (protocol !== undefined && !protocols.includes(protocol))) return 'it chose a subprotocol that nobody asked for';
  if (protocol === undefined && protocols.length > 0) return 'it chose none of the subprotocols';
  return null;
};

const pairs = (raw: Buffer[] | string[] | null): HeaderList => {
  const texts = (raw ?? []).map((text) => text.toString('latin1'));
  return Array.from({ length: texts.length / 2 }, (_, index) => [texts[index * 2]!, texts[index * 2 + 1]!] as const);
};
