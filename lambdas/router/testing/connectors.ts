// Connectors that behave as a test wants: silent, refusing, or step by step.
import type { ConnectorFrame, HeaderList } from '../../../protocol/frames.ts';
import { tunnel } from './records.ts';
import { answerWith, type Behaviour, createRig } from './rig.ts';

export const silent: Behaviour = () => undefined;
const HEADERS: HeaderList = [['Content-Type', 'text/plain']];

export const failWith =
  (code: string): Behaviour =>
  ({ frame }, reply) => {
    if (frame.type === 'request') reply({ type: 'error', exchange: frame.exchange, n: 0, code, message: 'told by the connector' });
  };

/** A rig with a second connector behind a second tunnel. The first is asked first. */
export const withTwo = (first: Behaviour | 'gone' | Error, second: Behaviour | 'gone' | Error = answerWith('second')) => {
  const rig = createRig();
  rig.tunnels.push(tunnel({ connectionId: 'tunnel-b=', connector: 'connector-b', seenAt: rig.clock.now() }));
  rig.behaviours.set('tunnel-a=', first).set('tunnel-b=', second);
  return rig;
};
export const asked = (rig: ReturnType<typeof createRig>) =>
  rig.received.filter(({ frame }) => frame.type === 'request').map(({ tunnel }) => tunnel);
export const code = (body: Buffer): string => JSON.parse(body.toString()).code;

/** A connector that does what the test tells it to. */
export const manual = (rig: ReturnType<typeof createRig>) => {
  let send: (frame: ConnectorFrame, payload?: Uint8Array) => void = () => undefined;
  rig.behaviours.set('tunnel-a=', (_, reply) => {
    send = reply;
  });
  const exchange = () => rig.requests()[0]!.exchange;
  return {
    exchange,
    head: (end = false, payload = Buffer.alloc(0)) =>
      send({ type: 'response', exchange: exchange(), n: 0, status: 200, headers: HEADERS, end }, payload),
    body: (n: number, text: string | Buffer, end = false) => send({ type: 'body', exchange: exchange(), n, end }, Buffer.from(text)),
    progress: (received = 1) => send({ type: 'progress', exchange: exchange(), received }),
    moved: (to: string, received = 1) => send({ type: 'moved', exchange: exchange(), tunnel: to, received }),
    fail: (n: number, failure: string) => send({ type: 'error', exchange: exchange(), n, code: failure, message: 'x' }),
    /** The whole answer to an exchange that is not the first. */
    answer: (to: string, text: string) =>
      send({ type: 'response', exchange: to, n: 0, status: 200, headers: HEADERS, end: true }, Buffer.from(text)),
    send: (frame: ConnectorFrame, payload?: Uint8Array) => send(frame, payload),
  };
};
export const framesTo = (rig: ReturnType<typeof createRig>, type: string) => rig.received.filter(({ frame }) => frame.type === type);
