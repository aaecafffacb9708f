// A failure as the user gets it: a page for people, problem+json (RFC 9457) for programs. Both carry code, hop, time and id,
// so that an administrator finds the line in the log.
import { ERRORS, type ErrorCode } from '../../protocol/errors.ts';
import { ATTEMPT_WINDOW_MS } from '../../protocol/limits.ts';
import { html } from './html.ts';
import type { Look } from './look.ts';
import { answerPage, type PageAnswer, SECURITY_HEADERS } from './page.ts';

export interface Failure {
  readonly code: ErrorCode;
  /** Of the request or exchange, as the log has it: what `sallyport explain` takes. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** A sentence for the user beyond the table's own; never an internal address or a secret. */
  readonly detail?: string;
  /** Where the user may go on. */
  readonly link?: { readonly url: string; readonly text: string };
}

const RETRY_AFTER_S = 5;
/** Whoever works on an application takes minutes at least. */
const MAINTENANCE_RETRY_AFTER_S = 300;

export const errorPage = (failure: Failure, look: Look): PageAnswer => {
  const { code, id, time, detail, link } = failure;
  const { status, hop, message } = ERRORS[code];
  const at = new Date(time).toISOString();
  const answer = answerPage(
    {
      title: message,
      look,
      content: html`${detail ? html`<p>${detail}</p>` : null}
<p>${adviceFor(code)}</p>
<p class="actions">${link ? html`<a class="button" href="${link.url}">${link.text}</a>` : null}
${look.support === null ? null : html`<a href="${supportUrl(look.support, failure)}">Ask for help</a>`}</p>
<dl>
<dt>Code</dt><dd>${code}</dd>
<dt>Hop</dt><dd>${hop}</dd>
<dt>Time</dt><dd><time datetime="${at}">${at.replace('T', ' ').replace('Z', ' UTC')}</time></dd>
<dt>Request</dt><dd>${id}</dd>
</dl>`,
    },
    { status },
  );
  return { ...answer, headers: { ...answer.headers, ...retryHeaders(code) } };
};

/** A mail comes with what whoever answers it will ask for. */
const supportUrl = (support: string, { code, id, time }: Failure): string =>
  /^mailto:[^?]+$/.test(support) ? `${support}?subject=${encodeURIComponent(`${code} ${id} ${new Date(time).toISOString()}`)}` : support;

export const errorProblem = ({ code, id, time, detail }: Failure): PageAnswer => {
  const { status, hop, message } = ERRORS[code];
  const problem = {
    type: `urn:sallyport:error:${code}`,
    title: message,
    status,
    code,
    hop,
    detail,
    id,
    time: new Date(time).toISOString(),
  };
  return {
    statusCode: status,
    headers: { ...SECURITY_HEADERS, 'Content-Type': 'application/problem+json', ...retryHeaders(code) },
    body: JSON.stringify(problem),
  };
};

const retryHeaders = (code: ErrorCode): Readonly<Record<string, string>> => {
  if (code === 'ERR_RATE_LIMITED') return { 'Retry-After': String(ATTEMPT_WINDOW_MS / 1000) };
  if (ERRORS[code].status !== 503) return {};
  return { 'Retry-After': String(code === 'ERR_MAINTENANCE' ? MAINTENANCE_RETRY_AFTER_S : RETRY_AFTER_S) };
};

const ADVICE: Partial<Readonly<Record<ErrorCode, string>>> = {
  ERR_REQUEST_INVALID: 'Check the address, or go back and follow the link again.',
  ERR_SIGN_IN_REQUIRED: 'Open the application in your browser to sign in.',
  ERR_SIGN_IN_INVALID: 'Open the application again to start a new sign-in.',
  ERR_SESSION_UNKNOWN: 'Open the page of your sign-ins again to see which ones there are.',
  ERR_ACCESS_DENIED: 'If you need access, ask your administrator and mention the code and the time below.',
  ERR_APPLICATION_UNKNOWN: 'Check the address, or open the application from your portal.',
  ERR_MAINTENANCE: 'Please come back later. There is nothing that you have to do.',
  ERR_NO_CONNECTOR:
    'Its network is not connected just now. Please try again in a few minutes. If it stays so, tell your administrator the code and the time below.',
  ERR_CREDENTIALS_MISSING: 'You do this once; afterwards you are signed in without typing anything.',
  ERR_CREDENTIALS_REFUSED: 'If they are right, ask your administrator and mention the code and the time below.',
  ERR_IDENTITY_REFUSED: 'Ask your administrator and mention the code and the time below.',
};

const adviceFor = (code: ErrorCode): string =>
  ADVICE[code] ??
  (ERRORS[code].retryable
    ? 'Please try again in a moment. If it keeps happening, tell your administrator the code and the time below.'
    : 'If you think that this is wrong, tell your administrator the code and the time below.');
