// A failed request as the user gets it: a page for people, problem+json for programs, with the hop that failed.
import { ERRORS, type ErrorCode, type Hop } from '../../protocol/errors.ts';
import { REQUEST_BODY_MAX_BYTES, RESPONSE_MAX_BYTES } from '../../protocol/limits.ts';
import { errorPage, errorProblem, type Failure } from '../pages/error-answer.ts';
import type { Look } from '../pages/look.ts';
import type { Application } from '../stores/records.ts';
import type { Answer } from './answer.ts';

export interface ErrorAnswerOptions {
  /** Of the exchange when there is one, else of the request; the log has it. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly look: Look;
  readonly portal: string;
  /** A person is looking. */
  readonly pageLoad: boolean;
}

const WHERE: Readonly<Record<Hop, string>> = {
  user: 'It was refused at the entrance; the application has not been asked.',
  ingress: 'It failed at the entrance, before the application.',
  tunnel: 'It failed between the entrance and the connector beside the application.',
  connector: 'It failed at the connector beside the application.',
  origin: 'It failed at the application itself.',
};

const MEGABYTE = 1_000_000;
/** Failures of which more can be said than where. */
const MORE: Readonly<Partial<Record<ErrorCode, string>>> = {
  ERR_SIGN_IN_INVALID: 'Open the application again. If this happens each time, your browser keeps no cookies for it: allow them.',
  ERR_BODY_TOO_LARGE: `An upload may have ${REQUEST_BODY_MAX_BYTES / MEGABYTE} MB at most. The application has not been asked.`,
  ERR_RESPONSE_TOO_LARGE: `More than ${RESPONSE_MAX_BYTES / MEGABYTE} MB come through only from applications that serve ranges, so that a download can be resumed.`,
};

/** What a user can do about credentials: only their own are theirs to enter. */
export const credentialsHelp = (
  code: ErrorCode,
  application: Pick<Application, 'id' | 'name' | 'singleSignOn'> | null,
  { portal, pageLoad }: Pick<ErrorAnswerOptions, 'portal' | 'pageLoad'>,
): Pick<Failure, 'detail' | 'link'> => {
  const missing = code === 'ERR_CREDENTIALS_MISSING';
  if ((!missing && code !== 'ERR_CREDENTIALS_REFUSED') || application?.singleSignOn.method !== 'password') return {};
  const { id, name, singleSignOn } = application;
  const anew = missing ? '' : ' anew';
  const again = missing ? '' : ' The ones before are not sent again.';
  if (singleSignOn.credentials === 'shared') {
    return { detail: `The user name and the password for ${name} are your administrator’s to set${anew}.${again}` };
  }
  const url = new URL(`/credentials?${new URLSearchParams({ application: id })}`, portal).href;
  const where = pageLoad ? '' : `, at ${url}`;
  return {
    detail: `Please enter the user name and the password that you have in ${name}${anew}${where}.${again}`,
    link: { url, text: missing ? 'Enter them' : 'Enter them anew' },
  };
};

/** `detail`: in place of the sentence about the hop; never an internal address or a secret. */
export const errorAnswer = ({
  code,
  detail,
  link,
  id,
  time,
  look,
  portal,
  pageLoad,
}: ErrorAnswerOptions & { readonly code: ErrorCode } & Pick<Failure, 'detail' | 'link'>): Answer => {
  const failure = {
    code,
    id,
    time,
    detail: detail ?? MORE[code] ?? WHERE[ERRORS[code].hop],
    link: link ?? { url: portal, text: 'Your applications' },
  };
  const { statusCode, headers, body } = pageLoad ? errorPage(failure, look) : errorProblem(failure);
  return { status: statusCode, headers: Object.entries(headers), body };
};
