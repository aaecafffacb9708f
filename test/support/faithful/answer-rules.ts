// Answers: what the user gets otherwise than the origin sent it.
import { STATUS_CODES } from 'node:http';
import type { Field } from './message.ts';
import type { Got } from './raw-client.ts';
import { type Rule, without } from './rule.ts';

const HOP = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'upgrade',
  'http2-settings',
];
const WITHHELD = ['expect', 'host', 'via'];
const RENAMED = ['authorization', 'content-md5', 'max-forwards', 'user-agent', 'www-authenticate'];
/** API Gateway's own, in every answer. */
const IDENTIFYING = ['x-amzn-requestid', 'x-amz-apigw-id', 'x-amzn-trace-id'];

const mapped = (got: Got, change: (field: Field) => readonly Field[]): Got => ({ ...got, fields: got.fields.flatMap(change) });

const namedByConnection = ({ fields }: Got): string[] =>
  fields
    .filter(([name]) => name.toLowerCase() === 'connection')
    .flatMap(([, value]) => value.split(',').map((name) => name.trim().toLowerCase()));

export const ANSWER_RULES: readonly Rule[] = [
  {
    name: 'answer-status',
    what: 'An answer with a status below 200 (interim ones apart) or above 599 becomes 502',
    source: 'HTTP: RFC 9110 §15',
    refuses: ({ planned }) => (planned.status > 599 || planned.status === 101 ? { status: 502, body: 'ERR_ORIGIN_', reached: true } : null),
  },
  {
    name: 'answer-transfer-coding',
    what: 'A transfer coding other than `chunked` becomes 502: nobody asked for it',
    source: 'HTTP: RFC 9112 §7.4',
    refuses: ({ planned }) =>
      planned.fields.some(([name]) => name.toLowerCase() === 'transfer-encoding')
        ? { status: 502, body: 'ERR_ORIGIN_INVALID', reached: true }
        : null,
  },
  {
    name: 'answer-head-size',
    what: 'An answer whose status and header fields take more than 16,000 bytes as JSON becomes 502',
    source: 'API Gateway: the delimiter of a streamed answer must come within its first 16 KB',
    refuses: ({ planned }) =>
      planned.fields.reduce((sum, [name, value]) => sum + name.length + value.length, 0) > 15_500
        ? { status: 502, body: 'ERR_ORIGIN_INVALID', reached: true }
        : null,
  },
  {
    name: 'answer-interim',
    what: 'Interim answers (100, 102, 103 early hints) are left out; API Gateway itself answers `Expect: 100-continue`',
    source: 'API Gateway: a function has one answer',
    answer: (got) => ({ ...got, interim: [] }),
    answered: (got) => ({ ...got, interim: [] }),
  },
  {
    name: 'answer-reason',
    what: 'The reason phrase is the usual one of the status',
    source: 'API Gateway; HTTP/2 has none',
    answer: (got) => ({ ...got, reason: STATUS_CODES[got.status] ?? 'unknown' }),
  },
  {
    name: 'answer-hop-fields',
    what: 'Fields of one connection end with it, those that Connection names among them',
    source: 'HTTP: RFC 9110 §7.6.1',
    answer: (got) => without(got, ...HOP, ...namedByConnection(got)),
    answered: (got) => without(got, 'connection', 'keep-alive'),
  },
  {
    name: 'answer-trailers',
    what: 'Trailers are left out',
    source: 'API Gateway: a streamed answer has none',
    answer: (got) => (got.trailers.length > 0 ? { ...got, trailers: [] } : got),
  },
  {
    name: 'answer-coding',
    what: 'The user gets a body in chunks (HTTP/1.1) or frames (HTTP/2), whatever told its end at the origin',
    source: 'API Gateway response streaming',
    answer: (got, { sent, lengths }) =>
      got.coding === 'none' || (got.coding === 'length' && lengths === 'kept')
        ? got
        : { ...got, coding: sent.version === '1.0' ? 'close' : 'chunked' },
  },
  {
    name: 'answer-date-server',
    what: 'Date is API Gateway’s, Server is left out',
    source: 'API Gateway: it makes them itself',
    answer: (got) => without(got, 'date', 'server'),
    answered: (got) => without(got, 'date'),
  },
  {
    name: 'answer-alt-svc',
    what: 'Alt-Svc is left out',
    source: 'ours: it would send the browser past us',
    answer: (got) => without(got, 'alt-svc'),
  },
  {
    name: 'answer-own-fields',
    what: 'Fields and cookies that speak for us (`Sallyport-…`, `__Host-sallyport-…`) or for AWS (`X-Amzn-…`) are not an origin’s to set',
    source: 'ours: session fixation; API Gateway adds three of its own to each answer',
    answer: (got) =>
      mapped(got, ([name, value]) => {
        const known = name.toLowerCase();
        const ours = known.startsWith('sallyport-') || (known === 'set-cookie' && /^\s*__host-sallyport-/i.test(value));
        return ours || known.startsWith('x-amzn-') ? [] : [[name, value]];
      }),
    answered: (got) => without(got, ...IDENTIFYING),
  },
  {
    name: 'answer-withheld-fields',
    what: 'Expect, Host and Via of an answer do not arrive',
    source: 'API Gateway: “may be remapped or dropped”, the harsher reading',
    answer: (got) => without(got, ...WITHHELD),
  },
  {
    name: 'answer-renamed-fields',
    what: 'WWW-Authenticate, Authorization, Content-MD5, Max-Forwards and User-Agent arrive as `x-amzn-Remapped-…`',
    source: 'API Gateway, “Amazon API Gateway important notes”',
    answer: (got) => mapped(got, ([name, value]) => [[RENAMED.includes(name.toLowerCase()) ? `x-amzn-Remapped-${name}` : name, value]]),
  },
  {
    name: 'answer-length',
    what: 'Content-Length may arrive as `x-amzn-Remapped-Content-Length`, and the body then in chunks',
    source: 'unverified: function URLs were seen to rename it, the page on streamed answers of REST APIs does not say so',
    answer: (got, { lengths }) =>
      lengths === 'kept'
        ? got
        : mapped(got, ([name, value]) => [[name.toLowerCase() === 'content-length' ? `x-amzn-Remapped-${name}` : name, value]]),
  },
  {
    name: 'answer-untold-type',
    what: 'An answer without a Content-Type says `application/unknown`, for which browsers look at the content as if none had been told',
    source: 'API Gateway would say `application/json`; WHATWG MIME Sniffing §7',
    answer: (got) => {
      const told = mapped(got, ([name, value]) => (name.toLowerCase() === 'content-type' && value === '' ? [] : [[name, value]]));
      if (told.fields.some(([name]) => name.toLowerCase() === 'content-type')) return told;
      return { ...told, fields: [...told.fields, ['Content-Type', 'application/unknown']] };
    },
  },
  {
    name: 'answer-internal-addresses',
    what: 'Redirects and cookies that name the internal URL name the external one',
    source: 'ours: `translation.headers`',
    answer: (got, { authority }) =>
      mapped(got, ([name, value]) => {
        if (/^(?:content-)?location$/i.test(name)) return [[name, value.replace(/^http:\/\/127\.0\.0\.1:\d+\//, `http://${authority}/`)]];
        return [[name, name.toLowerCase() === 'set-cookie' ? value.replace(/; *Domain=127\.0\.0\.1/i, '') : value]];
      }),
  },
  {
    name: 'answer-site',
    what: 'A cookie with a Domain is one of its host alone, unless that is the Domain; `Clear-Site-Data` clears what the host keeps, never cookies',
    source: 'ours: applications below one domain are one site ([security](security.md#applications-below-one-domain))',
    answer: (got, { authority }) =>
      mapped(got, ([name, value]) => {
        const [own] = authority.split(':');
        if (/^set-cookie$/i.test(name)) return [[name, value.replace(/; *Domain=([^;]*)/gi, (all, domain) => (domain === own ? all : ''))]];
        if (!/^clear-site-data$/i.test(name)) return [[name, value]];
        const kept = ['"cache"', '"storage"', '"executionContexts"'].filter((type) => value.includes(type));
        return kept.length === 0 ? [] : [[name, kept.join(', ')]];
      }),
  },
  {
    name: 'answer-order',
    what: 'Header fields of one name keep their order and take the spelling of the first; different names may change places',
    source: 'API Gateway: the answer has them by name',
    answer: (got) => {
      const spelling = new Map<string, string>();
      for (const [name] of got.fields) if (!spelling.has(name.toLowerCase())) spelling.set(name.toLowerCase(), name);
      return { ...got, fields: got.fields.map(([name, value]) => [spelling.get(name.toLowerCase())!, value] as const) };
    },
  },
];
