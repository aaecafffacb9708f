// How AWS's services speak: JSON with the operation in a header, or the older Query protocol with XML answers.
import { AwsError, type Principal, type SignedRequest } from './services.ts';

export interface AwsCall {
  readonly action: string;
  readonly principal: Principal;
  /** The JSON body, or the form's fields as text. */
  readonly input: Readonly<Record<string, unknown>>;
  readonly requestId: string;
}

export interface AwsService {
  /** Its name in the credential scope. */
  readonly scope: string;
  readonly protocol: Protocol;
  /** Throws `AwsError`; its status is the protocol's to choose where IAM threw it. */
  answer(call: AwsCall): Promise<object>;
}

export interface Protocol {
  read(request: SignedRequest): Pick<AwsCall, 'action' | 'input'>;
  result(action: string, output: object, requestId: string): Reply;
  failure(error: AwsError, requestId: string): Reply;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Errors that are answered in place of an operation, by their names in IAM's words here and in each protocol's. */
const QUERY_NAMES: Readonly<Record<string, string>> = {
  UnrecognizedClientException: 'InvalidClientTokenId',
  InvalidSignatureException: 'SignatureDoesNotMatch',
  ExpiredTokenException: 'ExpiredToken',
  MissingAuthenticationTokenException: 'MissingAuthenticationToken',
  IncompleteSignatureException: 'IncompleteSignature',
};

/** AWS JSON 1.0 and 1.1: `X-Amz-Target: DynamoDB_20120810.GetItem`; client faults are 400, also those of IAM. */
export const jsonProtocol = (version: '1.0' | '1.1', errorNamespace = ''): Protocol => {
  const headers = { 'content-type': `application/x-amz-json-${version}` };
  return {
    read: ({ headers: { 'x-amz-target': target = '' }, body }) => {
      const action = target.slice(target.lastIndexOf('.') + 1);
      if (action === '') throw new AwsError(400, 'UnknownOperationException', 'The request names no operation (X-Amz-Target).');
      return { action, input: readJson(body) };
    },
    result: (_action, output) => ({ status: 200, headers, body: JSON.stringify(output) }),
    failure: ({ status, code, message, members }) => {
      const name = code === 'AccessDenied' ? 'AccessDeniedException' : code;
      return {
        status: status === 403 ? 400 : status,
        headers,
        body: JSON.stringify({ __type: errorNamespace + name, message, ...members }),
      };
    },
  };
};

/** AWS Query: a form in (or the query of a GET, which can be presigned), XML out. */
export const queryProtocol = (namespace: string): Protocol => {
  const headers = { 'content-type': 'text/xml' };
  return {
    read: ({ method, url, body }) => {
      const form = method === 'GET' ? url.slice(url.indexOf('?') + 1) : body.toString('utf8');
      // What a presigned request says of its signature is not the operation's.
      const input = Object.fromEntries([...new URLSearchParams(form)].filter(([name]) => !name.startsWith('X-Amz-')));
      const { Action: action = '' } = input;
      if (action === '') throw new AwsError(400, 'MissingAction', 'The request names no operation (Action).');
      return { action, input };
    },
    result: (action, output, requestId) => ({
      status: 200,
      headers,
      body: element(`${action}Response xmlns="${namespace}"`, {
        [`${action}Result`]: output,
        ResponseMetadata: { RequestId: requestId },
      }),
    }),
    failure: ({ status, code, message }, requestId) => ({
      status,
      headers,
      body: element(`ErrorResponse xmlns="${namespace}"`, {
        Error: { Type: status < 500 ? 'Sender' : 'Receiver', Code: QUERY_NAMES[code] ?? code, Message: message },
        RequestId: requestId,
      }),
    }),
  };
};

const readJson = (body: Buffer): Readonly<Record<string, unknown>> => {
  try {
    const value: unknown = JSON.parse(body.toString('utf8') || '{}');
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Told below: what is not JSON and what is not an object are one fault to AWS.
  }
  throw new AwsError(400, 'SerializationException', 'The body is not a JSON object.');
};

const element = (tag: string, content: unknown): string => {
  const inner =
    typeof content === 'object' && content !== null
      ? Object.entries(content)
          .filter(([, value]) => value !== undefined)
          .map(([name, value]) => element(name, value))
          .join('')
      : escapeXml(String(content));
  return `<${tag}>${inner}</${tag.split(' ')[0]}>`;
};

const escapeXml = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[character] ?? character);
