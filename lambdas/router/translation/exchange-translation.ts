// Translation of one exchange: the request as the application knows itself, its answer as the user's browser does.
import type { HeaderList } from '../../../protocol/frames.ts';
import type { LinkTarget } from '../../../protocol/link-report.ts';
import type { Log } from '../../../protocol/log.ts';
import type { Address, ApplicationHere } from '../../stores/records.ts';
import type { CanonicalRequest } from '../canonical-request.ts';
import type { ExternalUrls } from '../external-url.ts';
import { type Asks, nonceOf, withScriptSources } from '../page-policy.ts';
import { takesUploadScript, UPLOAD_SCRIPT_PATH, withScripts } from '../page-script.ts';
import type { ReadDirectory } from '../ports.ts';
import type { ResponseHead } from '../response-inbox.ts';
import { asksWhole, isWorkerScript } from '../service-worker.ts';
import { signInScriptOf } from '../signed-out/page-script.ts';
import { carrierOf, mayCarry, SOCKET_SCRIPT_PATH, withSource } from '../socket-script.ts';
import { isWelcomeAt } from '../welcome.ts';
import { translateBody } from './body.ts';
import { contentOf, EVERYTHING } from './content.ts';
import { translateCookies } from './cookies.ts';
import { type CallerOrigin, translateFields } from './fields.ts';
import { createInternalAddresses } from './internal-address.ts';
import { hashedBy } from './policy.ts';
import { createPublishedAt, createServedOn } from './published-at.ts';
import { createLinkReport, type LinkReport } from './report.ts';
import { internalFields, readableFields } from './request-fields.ts';
import { createTargets } from './targets.ts';

export interface TranslationPorts {
  readonly directory: ReadDirectory;
  readonly urls: ExternalUrls;
  readonly log: Log;
  /** What `/.sallyport/socket.js` answers. */
  readonly socketScript: () => string;
  /** Goes before service workers. */
  readonly workerScript: () => string;
  /** The Reply API, `wss://…`. */
  readonly replyUrl: string;
}

type Body = AsyncIterable<Buffer>;

export interface ExchangeTranslation {
  /** Header fields on their way to the application. */
  request(headers: HeaderList): Promise<HeaderList>;
  /** The answer's header fields, and what becomes of its body, of which `first` gives the first part. */
  response(
    head: ResponseHead,
    first: () => Promise<Buffer>,
  ): Promise<{ readonly headers: HeaderList; readonly body: (body: Body) => Body }>;
  /** What links it held, where they are only to be reported. */
  found(): readonly LinkTarget[];
}

/** `application` is as it is at the address by which the request came. */
export const createExchangeTranslation = (
  { directory, urls, log, socketScript, workerScript, replyUrl }: TranslationPorts,
  application: ApplicationHere,
  request: CanonicalRequest,
): ExchangeTranslation => {
  const { translation, segments, hostHeader } = application;
  const address: Address = { host: request.host, path: application.path, internalUrl: application.internalUrl };
  const others = segments.filter(({ host, internalUrl }) => !host.includes('*') && !internalUrl.includes('*'));
  const targets = createTargets({
    application: application.id,
    own: [address, ...others],
    urls,
    publishedAt: createPublishedAt(directory),
    servedOn: createServedOn(directory),
    log,
  });
  const isWelcome = (origin: string) => isWelcomeAt({ directory, urls }, application, request.path, origin);
  let caller: CallerOrigin | null = null;
  let report: LinkReport | null = null;

  return {
    request: async (headers) => {
      const asked = isWorkerScript(request) ? asksWhole(headers) : headers;
      const readable = translation.links !== 'off' || mayCarry(application, request) ? readableFields(asked) : asked;
      if (!translation.headers || hostHeader === 'external') return readable;
      const translated = await internalFields(readable, createInternalAddresses(directory, urls, address, isWelcome));
      caller = callerOf(headers, translated);
      return translated;
    },

    response: async ({ status, headers }, first) => {
      const ownDomain = request.host === application.alternateHost ? null : request.host;
      const cookies = translateCookies(headers, { address, ownDomain, translate: translation.headers, policy: application.cookies });
      const translated = translation.headers ? await translateFields(cookies, targets, caller) : cookies;
      const carrier = await carrierOf(application, request, { status, headers }, first);
      const again = await signInScriptOf(application, request, { status, headers }, first);
      const scripts = [
        ...(again === null ? [] : [again]),
        ...(takesUploadScript(application, request, { status, headers }) ? [UPLOAD_SCRIPT_PATH] : []),
        ...(carrier === 'page' ? [SOCKET_SCRIPT_PATH] : []),
      ];
      const before = [
        ...(status === 200 && isWorkerScript(request) ? [workerScript()] : []),
        ...(carrier === 'worker' ? [socketScript()] : []),
      ];
      const changed = scripts.length > 0 || before.length > 0;
      const reached = carrier === 'page' ? [new URL(replyUrl).origin] : [];
      const fields = scripts.reduce(
        (list, path) => withScriptSources(list, urls.origin(request.host) + path, ASKS[path] ?? 'nothing', reached),
        translated,
      );
      const translatable = contentOf(status, headers, translation);
      const content = translatable ?? (changed ? contentOf(status, headers, EVERYTHING) : null);
      if (content === null) return { headers: status === 304 ? asAsked(fields, request.headers) : fields, body: (body) => body };

      if (translatable !== null && translation.links === 'report')
        report = createLinkReport([...new Set([address, ...others].map(hostOf))]);
      const packed = content.codings.length > 0 && accepts(request.headers, 'gzip');
      const hashed = hashedBy(valuesOf(headers, 'content-security-policy').join(','));
      const finish = (plain: Body): Body => {
        if (before.length > 0) return withSource(plain, before.join(';'));
        return scripts.length > 0 ? withScripts(plain, { paths: scripts, nonce: nonceOf(headers), page: content }) : plain;
      };
      const options = {
        content,
        scripts: translation.scripts !== false,
        data: translation.scripts === true,
        hashed,
        targets,
        report,
        packed,
        translates: translatable !== null,
        finish,
      };
      const unchanged = report !== null && !changed && content.codings.length === 0;
      return {
        headers: unchanged ? fields : describedAnew(fields, packed),
        body: (body) => (request.method === 'HEAD' ? body : translateBody(body, options)),
      };
    },

    found: () => report?.targets() ?? [],
  };
};

const ASKS: Readonly<Record<string, Asks>> = { [UPLOAD_SCRIPT_PATH]: 'forms', [SOCKET_SCRIPT_PATH]: 'sockets' };

const hostOf = ({ internalUrl }: Address): string => new URL(internalUrl).hostname;

const valuesOf = (headers: HeaderList, wanted: string): string[] =>
  headers.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value);

const callerOf = (sent: HeaderList, told: HeaderList): CallerOrigin | null => {
  const [external] = valuesOf(sent, 'origin');
  const [internal] = valuesOf(told, 'origin');
  return external === undefined || internal === undefined ? null : { external, internal };
};

/** RFC 9110 §12.5.3: named, or meant by `*`, and not with a weight of zero. */
const accepts = (headers: HeaderList, coding: string): boolean => {
  const entries = valuesOf(headers, 'accept-encoding').flatMap((value) => value.toLowerCase().split(','));
  const weights = new Map(entries.map((entry) => [entry.replace(/;.*/s, '').trim(), !/;\s*q\s*=\s*0(?:\.0*)?\s*$/.test(entry)]));
  return weights.get(coding) ?? weights.get('*') ?? false;
};

/** What the origin says of bytes that it did not send: their number, digests, ranges. */
const OF_THESE_BYTES: ReadonlySet<string> = new Set([
  'content-length',
  'content-md5',
  'digest',
  'content-digest',
  'repr-digest',
  'accept-ranges',
  'content-encoding',
]);

/** A strong validator promises equal bytes (RFC 9110 §8.8.1), which is not ours to promise. */
const describedAnew = (headers: HeaderList, packed: boolean): HeaderList => [
  ...headers
    .filter(([name]) => !OF_THESE_BYTES.has(name.toLowerCase()))
    .map(([name, value]) => (name.toLowerCase() === 'etag' ? ([name, weak(value)] as const) : ([name, value] as const))),
  ['Accept-Ranges', 'none'],
  ...(packed ? [['Content-Encoding', 'gzip'] as const] : []),
];

const weak = (tag: string): string => (/^\s*W\//.test(tag) ? tag : `W/${tag.trim()}`);

/** What has not changed is what the browser has, under the name that it has it. */
const asAsked = (headers: HeaderList, asked: HeaderList): HeaderList => {
  const known = valuesOf(asked, 'if-none-match').join(',');
  return headers.map(([name, value]) =>
    name.toLowerCase() === 'etag' && !/^\s*W\//.test(value) && known.includes(`W/${value.trim()}`)
      ? ([name, weak(value)] as const)
      : ([name, value] as const),
  );
};
