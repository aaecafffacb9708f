// Attack: 8 KB of any odd character, alone or in turn with another, in whatever is read before anybody has signed in, or comes from an origin.
// All of it is read in linear time. Patterns that are written out are told by linear-patterns.test.ts besides.
import { createHash } from 'node:crypto';
import { describe, test } from '@jest/globals';
import { readHead } from '../../connector/answer-head.ts';
import { isCompressible } from '../../connector/compressible.ts';
import { HeadReader } from '../../connector/head-reader.ts';
import { CookieJar } from '../../connector/single-sign-on/password/cookie-jar.ts';
import { readForms } from '../../connector/single-sign-on/password/page-forms.ts';
import { WebSocketReader } from '../../connector/web-socket-reader.ts';
import { viewerOf, withoutEdge } from '../../lambdas/edge.ts';
import { readEnrolment } from '../../lambdas/enrolment/read-enrolment.ts';
import { readJson } from '../../lambdas/http-api.ts';
import { readCookie } from '../../lambdas/portal/cookies.ts';
import { type PortalEvent, type PortalRequest, toRequest } from '../../lambdas/portal/request.ts';
import { checkReturnUrl } from '../../lambdas/portal/return-url.ts';
import { keptState } from '../../lambdas/portal/saml/kept-state.ts';
import { ofResponse, readResponse } from '../../lambdas/portal/saml/message.ts';
import { readMessage as readSaml } from '../../lambdas/portal/saml-idp/message.ts';
import { openState } from '../../lambdas/portal/sign-in-state.ts';
import { createAuthorizeLink } from '../../lambdas/reply-authorizer/authorize-link.ts';
import { createExternalUrls } from '../../lambdas/router/external-url.ts';
import { application, type EventChanges, HOST } from '../../lambdas/router/testing/records.ts';
import { createRig } from '../../lambdas/router/testing/rig.ts';
import { translateFields } from '../../lambdas/router/translation/fields.ts';
import { createInternalAddresses } from '../../lambdas/router/translation/internal-address.ts';
import { targetsFor, translateParts } from '../../lambdas/router/translation/testing/translated.ts';
import { readTarget } from '../../lambdas/router/uploads/target.ts';
import { readMessage } from '../../lambdas/sockets/message.ts';
import { verifyDial } from '../../lambdas/tunnel-authorizer/verify-dial.ts';
import { decode } from '../../protocol/codec.ts';
import { createLog } from '../../protocol/log.ts';
import type { Edge } from '../../tenants/edge.ts';
import { expectLinear, ODD_CHARACTERS, oddTexts } from '../support/linear.ts';

/** Those that mean something to most readers. */
const COMMON = ['"', '%', ',', '.', '/', ';', '=', '\\', ' ', '<'];
const ALL = oddTexts(ODD_CHARACTERS, COMMON);
/** For what composes a whole function each time. */
const SOME = oddTexts(COMMON);
const PORTAL = 'https://portal.example.com';
const KEY = new Uint8Array(32).fill(1);
const DEADLINE_MS = 300_000;

const portalEvent = (changes: Partial<PortalEvent>): PortalEvent => ({
  isBase64Encoded: false,
  rawPath: '/',
  headers: {},
  requestContext: { requestId: 'r', http: { method: 'POST', path: '/', sourceIp: '203.0.113.9' } },
  ...changes,
});
const form = (name: string, value: string): PortalRequest =>
  toRequest(portalEvent({ body: new URLSearchParams({ [name]: value }).toString() }), null);
const saml = (xml: string) => readSaml(form('SAMLRequest', Buffer.from(xml).toString('base64')), 'SAMLRequest', 'AuthnRequest');
const AUTHN = '<AuthnRequest xmlns="urn:oasis:names:tc:SAML:2.0:protocol"';
const escaped = (text: string): string => text.replaceAll(/[<&"\0\ud800\ufeff]/g, '_');

const none = async (): Promise<never[]> => [];
const directory = { applicationsOn: none, publishedAt: none };
const authorizeLink = createAuthorizeLink({
  key: async () => KEY,
  sockets: { takeTicket: async () => true, save: async () => undefined },
  sessions: { find: async () => null },
  now: () => 0,
  log: createLog({ write: () => undefined, now: () => 0 }),
} as never);
const edge: Edge = {
  secretHeader: 'x-secret',
  secretDigests: [createHash('sha256').update('secret').digest('hex')],
  addressHeader: 'cf-connecting-ip',
  countryHeader: 'cf-ipcountry',
  readTimeout: null,
};
const throughEdge = (name: string, value: string) =>
  [
    ['x-secret', 'secret'],
    [name, value],
  ] as const;

describe('the portal and the authorizers read in linear time', () => {
  test.each<[string, (text: string) => unknown]>([
    ['a cookie', (text) => readCookie(toRequest(portalEvent({ cookies: text.split(';') }), null), '__Host-sallyport-browser')],
    ['kept states', (text) => keptState(toRequest(portalEvent({ cookies: text.split(';') }), null), text)],
    ['where to go back to', (text) => checkReturnUrl(directory, PORTAL, text)],
    ['where to go back to, behind a host', (text) => checkReturnUrl(directory, PORTAL, `${PORTAL}/${text}`)],
    ['a state', (text) => openState(text, KEY, 0)],
    ['a query and a form', (text) => toRequest(portalEvent({ rawQueryString: text, body: text }), null)],
    ['where an edge says that a user is', (text) => viewerOf(edge, throughEdge('cf-connecting-ip', text), '203.0.113.9')],
    ['whom an edge asked for', (text) => withoutEdge(edge, throughEdge('x-forwarded-for', text), '203.0.113.9')],
    ['JSON', (text) => readJson(portalEvent({ body: text }), 10_000)],
    ['an enrolment', (text) => readEnrolment({ code: text, name: text, version: text, proof: text })],
    ['an enrolment’s name', (text) => readEnrolment({ code: 'a'.repeat(43), name: text, version: '1.0.0', proof: '' })],
    ['an enrolment’s version', (text) => readEnrolment({ code: 'a'.repeat(43), name: 'a', version: text, proof: '' })],
    ['a dial', (text) => verifyDial(`Bearer ${text}`, { registry: { findConnector: async () => null }, audience: 'a', now: () => 0 })],
    [
      'a ticket',
      (text) => authorizeLink({ methodArn: 'arn:aws:execute-api:r:a:i/s/$connect', multiValueQueryStringParameters: { ticket: [text] } }),
    ],
    ['a message of a user’s WebSocket', (text) => readMessage(text)],
    ['a message’s payload', (text) => readMessage(`{"n":0,"parts":[["text",1]],"received":0,"limit":0,"tunnel":"a"}\n${text}`)],
    ['a frame', (text) => decode(`${text}\n\n${'a'.repeat(22)}`, () => null)],
    ['an answer of SAML, as it is encoded', readResponse],
    ['an answer of SAML', (text) => readResponse(Buffer.from(`<Response ${text}>${text}</Response>`).toString('base64'))],
    ['an attribute of an answer of SAML', (text) => ofResponse(`<Response ${text}`, 'InResponseTo')],
    ['a request of SAML, as it is encoded', (text) => readSaml(form('SAMLRequest', text), 'SAMLRequest', 'AuthnRequest')],
    ['a request of SAML: a tag', (text) => saml(`${AUTHN} ${text}/>`)],
    ['a request of SAML: an attribute', (text) => saml(`${AUTHN} a="${escaped(text)}"/>`)],
    ['a request of SAML: text', (text) => saml(`${AUTHN}>${escaped(text)}</AuthnRequest>`)],
    ['a request of SAML: content', (text) => saml(`${AUTHN}>${text}</AuthnRequest>`)],
    ['a request of SAML: elements', (text) => saml(`${AUTHN}>${text.replaceAll('a', '<a>')}</AuthnRequest>`)],
    ['a relay state', (text) => readSaml(form('RelayState', text), 'SAMLRequest', 'AuthnRequest')],
    ['what an upload is for', readTarget],
    ['an upload’s target', (text) => readTarget(`target ${Buffer.from(`/${text}`).toString('base64')}`)],
    ['an upload’s fields', (text) => readTarget(`target Lw==,headers ${Buffer.from(JSON.stringify([[text, text]])).toString('base64')}`)],
  ])('%s', (_, read) => expectLinear(ALL, read), DEADLINE_MS);
});

describe('what an origin sends is read in linear time', () => {
  const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
  const jar = (line: string) => new CookieJar(() => 0).take([['Set-Cookie', line]], '/a/b');
  const own = { host: HOST, path: '/', internalUrl: 'http://wiki.corp/' };
  const field = (name: string) => (text: string) => translateFields([[name, text]], targetsFor(), null);

  test.each<[string, (text: string) => unknown]>([
    ['its head', (text) => readHead(`HTTP/1.1 200 OK\r\n${text}\r\n\r\n`)],
    ['a status line', (text) => readHead(`HTTP/1.1 ${text}\r\n\r\n`)],
    ['a field', (text) => readHead(`HTTP/1.1 200 OK\r\nA: ${text}\r\n\r\n`)],
    ['lengths', (text) => readHead(`HTTP/1.1 200 OK\r\nContent-Length: ${text}\r\n\r\n`)],
    ['its head, in bytes', (text) => new HeadReader({ upgrade: false }).push(bytes(`HTTP/1.1 200 OK\r\n${text}`))],
    ['frames of a WebSocket', (text) => [...new WebSocketReader(1_000_000).read(bytes(text))]],
    ['a media type', (text) => isCompressible([['Content-Type', text]])],
    ['a cookie', (text) => jar(`a=${text}`)],
    ['attributes of a cookie', (text) => jar(`a=b; ${text}`)],
    ['a page with forms', readForms],
    ['an attribute of a form', (text) => readForms(`<form action="${text}`)],
    ['Location', field('Location')],
    ['Link', field('Link')],
    ['Refresh', field('Refresh')],
    ['Content-Security-Policy', field('Content-Security-Policy')],
    ['Report-To', field('Report-To')],
    ['Access-Control-Allow-Origin', field('Access-Control-Allow-Origin')],
  ])('%s', (_, read) => expectLinear(ALL, read), DEADLINE_MS);

  const MARKUP = ['<', '>', '</', '"', "'", '=', '&', '/', '\\', '-', '!', '@', '(', ' ', '\n', ':', 'http:', 'http://', 'url(', 'a'];
  test.each<['html' | 'xml' | 'css' | 'script', string]>([
    ['html', ''],
    ['html', '<a href="'],
    ['html', '<style>'],
    ['html', '<script>'],
    ['html', '<!--'],
    ['xml', '<a b="'],
    ['css', ''],
    ['css', 'a{b:url('],
    ['script', ''],
    ['script', '"http://'],
  ])(
    '%s behind %j, in parts',
    (kind, before) =>
      expectLinear(oddTexts(MARKUP), (text) =>
        translateParts([bytes(before), bytes(text.slice(0, 4000)), bytes(text.slice(4000))], { kind }),
      ),
    DEADLINE_MS,
  );

  test(
    'addresses that a user sends back',
    async () => {
      const addresses = createInternalAddresses(directory, createExternalUrls(PORTAL), own, async () => true);
      await expectLinear(ALL, (text) => addresses.url(`https://${text}`));
    },
    DEADLINE_MS,
  );
});

describe('the router reads in linear time', () => {
  const asked = (changes: EventChanges) => {
    const rig = createRig();
    rig.applications[0] = application({
      tokens: { audience: 'api://orders', scopes: [], header: 'Authorization', services: true },
      translation: { links: 'on', scripts: true, headers: true },
    } as never);
    return rig.answer({ ...changes, headers: { Cookie: [rig.signIn()], ...changes.headers } });
  };
  const alone = ['Cookie', 'Authorization', 'Content-Type', 'Origin', 'Sec-Fetch-Site', 'X-HTTP-Method-Override', 'Sallyport-Call'];
  /** Of which none has a request refused, so all of them are read. */
  const together = [
    ...['Accept', 'Accept-Encoding', 'Accept-Language', 'Range', 'If-None-Match', 'If-Modified-Since', 'Referer', 'User-Agent', 'Priority'],
    ...['Forwarded', 'X-Forwarded-For', 'Destination', 'Via', 'TE', 'Connection', 'Cache-Control', 'Access-Control-Request-Headers'],
  ];

  test.each<[string, (text: string) => EventChanges]>([
    ...alone.map((name): [string, (text: string) => EventChanges] => [name, (text) => ({ headers: { [name]: [text] } })]),
    ['other fields', (text) => ({ headers: Object.fromEntries(together.map((name) => [name, [text]])) })],
    ['a field’s name', (text) => ({ headers: { [text]: ['a'] } })],
    ['a host', (text) => ({ host: text })],
    ['a path', (text) => ({ path: `/${text}`, requestPath: `/${text}` })],
    ['a query', (text) => ({ multiValueQueryStringParameters: { [text]: [text] } })],
    ['a method', (text) => ({ httpMethod: text })],
    ['a preflight', (text) => ({ httpMethod: 'OPTIONS', headers: { Origin: [text], 'Access-Control-Request-Method': [text] } })],
    ['a body', (text) => ({ httpMethod: 'POST', body: text, isBase64Encoded: true })],
    ['a form', (text) => ({ httpMethod: 'POST', headers: { 'Content-Type': ['application/x-www-form-urlencoded'] }, body: text })],
    ['a WebSocket', (text) => ({ httpMethod: 'POST', path: '/.sallyport/socket', body: JSON.stringify({ url: `wss://${HOST}/${text}` }) })],
    ['a code', (text) => ({ path: '/.sallyport/session', multiValueQueryStringParameters: { code: [text], to: [text] } })],
  ])('%s', (_, changes) => expectLinear(SOME, (text) => asked(changes(text))), DEADLINE_MS);
});
