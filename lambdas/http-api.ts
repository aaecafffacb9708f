// What API Gateway's HTTP API tells of a request and takes as an answer (payload format 2.0): the fields that we read, and problems.
import { asSallyportError, SallyportError } from '../protocol/errors.ts';
import { errorProblem } from './pages/error-answer.ts';
import { type PageAnswer, SECURITY_HEADERS } from './pages/page.ts';

export interface HttpEvent {
  /** Decoded by API Gateway. */
  readonly rawPath: string;
  /** As it was sent, without its `?`. */
  readonly rawQueryString?: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body?: string;
  readonly isBase64Encoded: boolean;
  readonly requestContext: {
    readonly requestId: string;
    readonly http: { readonly method: string; readonly path: string; readonly sourceIp: string };
    /** With AWS_IAM authorisation: who signed. */
    readonly authorizer?: { readonly iam?: { readonly userArn?: string } };
  };
}

export type HttpAnswer = PageAnswer;

export const answerJson = (statusCode: number, value: unknown): HttpAnswer => ({
  statusCode,
  headers: { ...SECURITY_HEADERS, 'Content-Type': 'application/json' },
  body: JSON.stringify(value),
});

/** The body as JSON. Throws ERR_BODY_TOO_LARGE or ERR_REQUEST_INVALID. */
export const readJson = ({ body = '', isBase64Encoded }: HttpEvent, maxBytes: number): unknown => {
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length > maxBytes)
    throw new SallyportError('ERR_BODY_TOO_LARGE', `At most ${maxBytes} bytes are taken here, not ${bytes.length}.`);
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    // The parser's own message quotes what came, which may be a secret, and the log tells causes.
    throw new SallyportError('ERR_REQUEST_INVALID', 'A body of JSON was expected, and what came is none.');
  }
};

export interface ProblemOptions {
  readonly id: string;
  readonly now: number;
  /** Whether the message may be told as it is, rather than the table's sentence only. */
  readonly inFull: (error: SallyportError) => boolean;
}

/** A failure as problem+json (RFC 9457); one that carries `faults` tells each of them. */
export const answerProblem = (failure: unknown, { id, now, inFull }: ProblemOptions): HttpAnswer => {
  const error = asSallyportError(failure);
  const answer = errorProblem({ code: error.code, id, time: now, detail: inFull(error) ? error.message : undefined });
  if (!('faults' in error)) return answer;
  return { ...answer, body: JSON.stringify({ ...JSON.parse(answer.body), faults: error.faults }) };
};
