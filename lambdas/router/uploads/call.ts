// What is asked of an upload, in the words of tus 1.0 (https://tus.io/protocols/resumable-upload: core, creation with deferred length,
// termination), and beyond it the application's response: `GET <upload>/response`.
import { SallyportError } from '../../../protocol/errors.ts';
import type { HeaderList } from '../../../protocol/frames.ts';
import { BODY_FIELD } from '../../../protocol/page-call.ts';
import { PART_TYPE, TUS_VERSION, UPLOAD_FIELD, UPLOADS_PATH } from '../../../protocol/upload-client.ts';
import { SECURITY_HEADERS } from '../../pages/page.ts';
import type { Answer } from '../answer.ts';
import type { CanonicalRequest } from '../canonical-request.ts';
import { openUpload, type UploadState } from './address.ts';
import { asTarget, readAddress, readTarget, readTargetAt, type Target } from './target.ts';

const NAMING = Buffer.from(`${UPLOAD_FIELD}=`);

/** On each answer about an upload. */
const TUS_HEADERS: HeaderList = [['Tus-Resumable', TUS_VERSION]];
const ABILITIES: HeaderList = [
  ['Tus-Version', TUS_VERSION],
  ['Tus-Extension', 'creation,creation-defer-length,termination'],
];

interface OfTarget {
  /** The request of the application that the upload is the body of, asked by whoever calls now. */
  readonly target: CanonicalRequest;
}
interface OfUpload extends OfTarget {
  readonly upload: UploadState;
}
export interface BeginCall extends OfTarget {
  readonly kind: 'begin';
  /** Header fields that were told of the request. */
  readonly headers: HeaderList;
  readonly length: number | null;
}
export interface PartCall extends OfUpload {
  readonly kind: 'part';
  readonly offset: number;
  readonly length: number | null;
  readonly bytes: Buffer;
}
export interface OffsetCall extends OfUpload {
  readonly kind: 'offset';
}
export interface CancelCall extends OfUpload {
  readonly kind: 'cancel';
}
export interface ResponseCall extends OfUpload {
  readonly kind: 'response';
}
export type UploadCall = BeginCall | PartCall | OffsetCall | CancelCall | ResponseCall;

export interface CallPorts {
  readonly uploadKey: () => Promise<Uint8Array>;
  readonly clock: { now(): number };
}

/** Whether a path is that of uploads, or of one. */
export const isUploads = (path: string): boolean => path === UPLOADS_PATH || path.startsWith(`${UPLOADS_PATH}/`);

/** What this service is able to, for those who ask before they begin. */
export const abilities = (): Answer => uploadAnswer(204, ABILITIES);

export const uploadAnswer = (status: 200 | 201 | 204, headers: HeaderList = []): Answer => ({
  status,
  headers: [...headers, ...TUS_HEADERS, ...Object.entries(SECURITY_HEADERS)],
  body: '',
});

/** Of a refusal: the version that would be understood. */
export const refusalHeaders = (code: string): HeaderList => (code === 'ERR_UPLOAD_VERSION' ? [...TUS_HEADERS, ...ABILITIES] : TUS_HEADERS);

/** Throws ERR_UPLOAD_INVALID, ERR_UPLOAD_VERSION, ERR_UPLOAD_UNKNOWN, ERR_METHOD_REFUSED, ERR_REQUEST_INVALID. */
export const readCall = async (ports: CallPorts, request: CanonicalRequest): Promise<UploadCall> => {
  const [sealed, wanted, ...more] = request.path.slice(UPLOADS_PATH.length + 1).split('/');
  if (request.path === UPLOADS_PATH || (sealed === '' && wanted === undefined)) return readBegin(request);
  if (more.length > 0 || (wanted !== undefined && wanted !== 'response'))
    throw new SallyportError('ERR_UPLOAD_UNKNOWN', 'There is nothing at this address of an upload.');
  const kind = kindOf(request.method, wanted);
  if (kind !== 'response') checkVersion(request);

  const upload = await openUpload(sealed!, await ports.uploadKey(), ports.clock.now());
  if (upload.host !== request.host) throw new SallyportError('ERR_UPLOAD_UNKNOWN', 'The upload belongs to another host.');
  const target = asTarget(request, { method: upload.method, ...readAddress(upload.target) });
  if (kind !== 'part') return { kind, target, upload };
  if (fieldOf(request, 'content-type')?.toLowerCase() !== PART_TYPE) throw invalid(`A part comes as ${PART_TYPE}.`);
  const offset = countIn(request, 'upload-offset');
  if (offset === null) throw invalid('A part needs its Upload-Offset.');
  return { kind, target, upload, offset, length: upload.length ?? countIn(request, 'upload-length'), bytes: request.body };
};

/**
 * A page's request whose body has gone up: the browser asks for the response at the request's own address, by its method, and names the upload
 * where the body would be. Null for every other request. Throws ERR_UPLOAD_UNKNOWN.
 */
export const readNamed = async (ports: CallPorts, request: CanonicalRequest): Promise<ResponseCall | null> => {
  const sealed = namedIn(request);
  if (sealed === null) return null;
  const upload = await openUpload(sealed, await ports.uploadKey(), ports.clock.now());
  const { method } = upload;
  const address = readAddress(upload.target);
  if (upload.host !== request.host || method !== request.method || address.path !== request.path)
    throw new SallyportError('ERR_UPLOAD_UNKNOWN', 'The upload is the body of a request to another address.');
  return { kind: 'response', target: asTarget(request, { method, ...address }), upload };
};

/** A script names it in a field, a form in the one that it has. */
const namedIn = (request: CanonicalRequest): string | null => {
  const { headers, method, body } = request;
  const [field = ''] = headers.filter(([name]) => name.toLowerCase() === BODY_FIELD.toLowerCase()).map(([, value]) => value);
  if (field.startsWith(`${UPLOADS_PATH}/`)) return field.slice(UPLOADS_PATH.length + 1);
  if (method !== 'POST' || !body.subarray(0, NAMING.length).equals(NAMING)) return null;
  const isForm = /^application\/x-www-form-urlencoded\b/i.test(fieldOf(request, 'content-type') ?? '');
  return isForm ? body.subarray(NAMING.length).toString('latin1') : null;
};

/** Of a page that asks at the target's own address (page-call.ts). Throws ERR_UPLOAD_INVALID, ERR_UPLOAD_VERSION, ERR_REQUEST_INVALID. */
export const readBeginAt = (request: CanonicalRequest): BeginCall =>
  beginOf(request, (metadata) => readTargetAt(metadata, request.path + request.query));

const readBegin = (request: CanonicalRequest): BeginCall => {
  if (request.method !== 'POST') throw new SallyportError('ERR_METHOD_REFUSED', 'An upload begins by POST.');
  return beginOf(request, readTarget);
};

const beginOf = (request: CanonicalRequest, targetOf: (metadata: string) => Target): BeginCall => {
  // A page of another site cannot send this field, so none can begin an upload in its user's name.
  checkVersion(request);
  if (request.body.length > 0) throw invalid('The request that begins an upload has no body: its parts follow.');
  const length = countIn(request, 'upload-length');
  if (length === null && fieldOf(request, 'upload-defer-length') !== '1')
    throw invalid('An upload needs Upload-Length or Upload-Defer-Length: 1.');
  const { headers, ...address } = targetOf(fieldOf(request, 'upload-metadata') ?? '');
  return { kind: 'begin', target: asTarget(request, address), headers, length };
};

const kindOf = (method: string, wanted: string | undefined): Exclude<UploadCall['kind'], 'begin'> => {
  if (wanted === 'response' && method === 'GET') return 'response';
  if (wanted === undefined && method === 'PATCH') return 'part';
  if (wanted === undefined && method === 'HEAD') return 'offset';
  if (wanted === undefined && method === 'DELETE') return 'cancel';
  throw new SallyportError('ERR_METHOD_REFUSED', 'An upload takes PATCH, HEAD and DELETE, and its response GET.');
};

const checkVersion = (request: CanonicalRequest): void => {
  const version = fieldOf(request, 'tus-resumable');
  if (version !== TUS_VERSION)
    throw new SallyportError('ERR_UPLOAD_VERSION', `Tus-Resumable is ${version ?? 'missing'}; ${TUS_VERSION} was expected.`);
};

const fieldOf = ({ headers }: CanonicalRequest, wanted: string): string | undefined => {
  const values = headers.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value);
  if (values.length > 1) throw invalid(`The field ${wanted} came more than once.`);
  return values[0];
};

const countIn = (request: CanonicalRequest, wanted: string): number | null => {
  const value = fieldOf(request, wanted);
  if (value === undefined) return null;
  if (!/^\d{1,15}$/.test(value)) throw invalid(`${wanted} is a number of bytes.`);
  return Number(value);
};

const invalid = (message: string): SallyportError => new SallyportError('ERR_UPLOAD_INVALID', message);
