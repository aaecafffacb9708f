// Fourth pass: the header fields as the origin gets them. What a client may not say is gone; what we say is said once.
import { SallyportError } from '../../protocol/errors.ts';
import type { HeaderList } from '../../protocol/frames.ts';
import { withForwarded, withoutHopByHop, withoutManaged } from '../../protocol/headers.ts';
import { withoutLastHop } from '../edge.ts';
import type { Application } from '../stores/records.ts';
import { tokenHeaders } from './authenticate-token.ts';
import type { CanonicalRequest } from './canonical-request.ts';
import { withoutOurCookies } from './cookies.ts';
import type { ExternalUrls } from './external-url.ts';
import { toldNames, toldPrefixes } from './single-sign-on.ts';

/**
 * `host` is set anew; the body has arrived whole, so its length is ours to tell (request smuggling) and `expect` has been met.
 */
const SET_ANEW: ReadonlySet<string> = new Set(['host', 'content-length', 'expect']);

/** `told`: what the application is told of its user. */
export const cleanHeaders = (request: CanonicalRequest, application: Application, told: HeaderList, urls: ExternalUrls): HeaderList => {
  const consumed = tokenHeaders(application, request.headers);
  const kept = withoutManaged(withoutHopByHop(request.headers), toldNames(application), toldPrefixes(application)).filter(
    ([name]) => !SET_ANEW.has(name.toLowerCase()) && !consumed.includes(name.toLowerCase()),
  );
  const host = urls.authority(request.host);
  const forwarded = withForwarded(withoutIngressHop(withoutOurCookies(kept), request.clientAddress), {
    clientAddress: request.clientAddress,
    host,
    proto: urls.proto,
  });
  return [
    ['Host', application.hostHeader === 'external' ? host : internalHost(application)],
    ...forwarded,
    ...told,
    ...(request.hasBody ? [['Content-Length', String(request.body.length)] as const] : []),
  ];
};

/** API Gateway, or the CDN before it, has appended the client's address already; `withForwarded` appends it, once. */
const withoutIngressHop = (headers: HeaderList, clientAddress: string): HeaderList =>
  headers.flatMap(([name, value]) => {
    if (name.toLowerCase() !== 'x-forwarded-for') return [[name, value] as const];
    return [[name, withoutLastHop(value, clientAddress)] as const];
  });

const internalHost = ({ id, internalUrl }: Application): string => {
  const url = URL.parse(internalUrl);
  if (url === null) throw new SallyportError('ERR_INTERNAL', `Application ${id} has the internal URL "${internalUrl}", which is none.`);
  return url.host;
};
