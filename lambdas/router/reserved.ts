// The paths of our own on every application host, all below `/.sallyport/`; an application never sees them, an origin never serves them.

import { pathReadings } from '../../policy/path-readings.ts';
import { SallyportError } from '../../protocol/errors.ts';
import { RETURN_PATH } from '../../protocol/kept-place.ts';
import { type Answer, redirect, scriptAnswer } from './answer.ts';
import type { CanonicalRequest } from './canonical-request.ts';
import { FRAME_PATH, FRAMED_SESSION_PATH } from './framed-page.ts';
import { answerFrameTab, redeemFramed } from './framed-sign-in.ts';
import { UPLOAD_SCRIPT_PATH } from './page-script.ts';
import { type RedeemPorts, redeemSession } from './session-redeem.ts';
import { SIGNED_IN_PATH, signedInPage } from './sign-in-page.ts';
import { answerReturn } from './sign-in-return.ts';
import { answerVisit } from './sign-in-visit.ts';
import { AT_ONCE_SCRIPT_PATH, OFFER_SCRIPT_PATH } from './signed-out/page-script.ts';
import { SOCKET_SCRIPT_PATH } from './socket-script.ts';

export interface ReservedPorts extends RedeemPorts {
  readonly socketScript: () => string;
  readonly uploadScript: () => string;
  /** By the words of `signInAgain`. */
  readonly signInAgainScript: Readonly<Record<'offer' | 'at-once', () => string>>;
}

const RESERVED = '/.sallyport';

/** One that is added here is added to the tests of what own answers say, and of what other sites may bring about. */
export const PAGES: Readonly<Record<string, (ports: ReservedPorts, request: CanonicalRequest) => Promise<Answer> | Answer>> = {
  [`${RESERVED}/session`]: redeemSession,
  [`${RESERVED}/visit`]: answerVisit,
  [RETURN_PATH]: answerReturn,
  [SIGNED_IN_PATH]: ({ look }) => signedInPage(look),
  [UPLOAD_SCRIPT_PATH]: ({ uploadScript }) => scriptAnswer(uploadScript()),
  [SOCKET_SCRIPT_PATH]: ({ socketScript }) => scriptAnswer(socketScript()),
  [OFFER_SCRIPT_PATH]: ({ signInAgainScript }) => scriptAnswer(signInAgainScript.offer()),
  [AT_ONCE_SCRIPT_PATH]: ({ signInAgainScript }) => scriptAnswer(signInAgainScript['at-once']()),
  [FRAME_PATH]: answerFrameTab,
  [FRAMED_SESSION_PATH]: redeemFramed,
  // The portal asks before it signs out, so a link from elsewhere cannot sign anyone out.
  [`${RESERVED}/sign-out`]: ({ urls }) => redirect(303, `${urls.portal}/sign-out`),
};

/** Null when the path is an application's. */
export const answerReserved = async (ports: ReservedPorts, request: CanonicalRequest): Promise<Answer | null> => {
  if (!isBelow(request.path)) {
    // A disguised spelling is neither ours nor an application's.
    if (isReserved(request.path)) throw new SallyportError('ERR_REQUEST_INVALID', 'The path is a disguised reserved one.');
    return null;
  }
  if (Object.hasOwn(PAGES, request.path)) return PAGES[request.path]!(ports, request);
  throw new SallyportError('ERR_APPLICATION_UNKNOWN', 'There is nothing at this reserved path.');
};

/** In any reading. */
export const isReserved = (path: string): boolean => [path, ...pathReadings(path)].some(isBelow);

const isBelow = (path: string): boolean => path === RESERVED || path.startsWith(`${RESERVED}/`);
