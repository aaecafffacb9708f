// Uploads on the test bench: what a client asks, and a connector that takes uploads as the real one does.
import type { ConnectorFrame, PartFrame } from '../../../protocol/frames.ts';
import { turn } from './manual-clock.ts';
import { application, type EventChanges } from './records.ts';
import { type Behaviour, createRig } from './rig.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

export const metadata = (told: Readonly<Record<string, string>>): string =>
  Object.entries(told)
    .map(([key, value]) => `${key} ${base64(value)}`)
    .join(',');

export const TUS = { 'Tus-Resumable': ['1.0.0'] };

/** The request that begins an upload. */
export const beginning = (
  cookie: string,
  {
    told = { target: '/files?a=b%2Fc' },
    ...headers
  }: { told?: Record<string, string> } & Record<string, string[] | Record<string, string>> = {},
): EventChanges => ({
  httpMethod: 'POST',
  path: '/.sallyport/uploads',
  headers: {
    Cookie: [cookie],
    ...TUS,
    'Upload-Length': ['12'],
    'Upload-Metadata': [metadata(told)],
    ...(headers as Record<string, string[]>),
  },
});

/** One that brings a part. */
export const parting = (
  cookie: string,
  path: string,
  offset: number,
  bytes: string | Buffer,
  headers: Record<string, string[]> = {},
): EventChanges => ({
  httpMethod: 'PATCH',
  path,
  headers: { Cookie: [cookie], ...TUS, 'Content-Type': ['application/offset+octet-stream'], 'Upload-Offset': [String(offset)], ...headers },
  body: Buffer.from(bytes).toString('base64'),
  isBase64Encoded: true,
});

/** A connector whose origin takes at once what comes in order. */
export const playUploads = () => {
  const uploads = new Map<string, { body: Buffer; length: number | null; early: Map<number, Buffer> }>();
  const played = {
    /** Of the frames that come, those that are lost on the way. */
    loses: (_frame: PartFrame): boolean => false,
    /** While true, the origin has answered and takes nothing more. */
    over: false,
    forget: (): void => uploads.clear(),
    body: (exchange: string): string => uploads.get(exchange)?.body.toString() ?? '',
    bytes: (exchange: string): Buffer => uploads.get(exchange)!.body,
    behaviour: (({ frame, payload }, reply) => {
      if (frame.type === 'request' && frame.upload)
        uploads.set(frame.exchange, { body: Buffer.alloc(0), length: frame.upload.length, early: new Map() });
      if (frame.type === 'cancel') uploads.delete(frame.exchange);
      const upload = uploads.get(frame.exchange);
      if (frame.type === 'part' && played.loses(frame)) return;
      if (!upload) {
        if (frame.type === 'part')
          reply({ type: 'error', exchange: frame.exchange, n: 0, code: 'ERR_EXCHANGE_UNKNOWN', message: 'not here' });
        return;
      }
      const told = (): ConnectorFrame => ({
        type: 'taken',
        exchange: frame.exchange,
        received: upload.body.length,
        taken: upload.body.length,
        length: upload.length,
        over: played.over,
      });
      if (frame.type === 'request') reply(told());
      if (frame.type === 'part') {
        upload.length = frame.length ?? upload.length;
        if (payload.length > 0) upload.early.set(frame.offset, payload);
        for (let piece = upload.early.get(upload.body.length); piece && !played.over; piece = upload.early.get(upload.body.length)) {
          upload.body = Buffer.concat([upload.body, piece]);
        }
        if (payload.length === 0 || upload.body.length >= frame.until) reply(told());
      }
      if (frame.type === 'reply-to')
        reply(
          { type: 'response', exchange: frame.exchange, n: 0, status: 201, headers: [['X-Stored', 'yes']], end: true },
          Buffer.from('stored'),
        );
    }) satisfies Behaviour,
  };
  return played;
};

/** An application that takes uploads, a connector that plays one, and a user who is signed in. */
export const createUploads = (changes: Parameters<typeof application>[0] = {}) => {
  const rig = createRig();
  rig.applications[0] = application({ bigUploads: 'on', ...changes });
  const connector = playUploads();
  rig.behaviours.set('tunnel-a=', connector.behaviour);
  const cookie = rig.signIn();
  const begun = async (options: Parameters<typeof beginning>[1] = {}) => (await rig.answer(beginning(cookie, options))).header('Location')!;
  return { rig, connector, cookie, begun, exchange: () => rig.requests()[0]!.exchange };
};

/** Of a refusal. */
export const codeOf = (response: { body: () => Buffer }): string => JSON.parse(response.body().toString()).code;
export const call = (cookie: string, httpMethod: string, path: string) => ({ httpMethod, path, headers: { Cookie: [cookie], ...TUS } });

/** The router has asked the connector: until then no clock runs that a test moves. */
export const asked = async (rig: ReturnType<typeof createRig>): Promise<void> => {
  while (!rig.received.some(({ frame }) => frame.type === 'part')) await turn();
};
