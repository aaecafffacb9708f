// The paths of our own on every application host, all below `/.sallyport/`; an application never sees them, an origin never serves them.

import { pathReadings } from '../../policy/path-readings.ts';
import { SallyportError } from '../../protocol/errors.ts';
import type { Look } from '../pages/look.ts';
import { type Answer, redirect } from './answer.ts';
import type { CanonicalRequest } from './canonical-request.ts';
import { FRAME_PATH, FRAMED_SESSION_PATH } from './framed-page.ts';
import { answerFrameTab, redeemFramed } from './framed-sign-in.ts';
import { type RedeemPorts, redeemSession } from './session-redeem.ts';
import { SIGNED_IN_PATH, signedInPage } from './sign-in-page.ts';
import { answerVisit } from './sign-in-visit.ts';

const RESERVED = '/.sallyport';

/** Null when the path is an application's. */
export const answerReserved = async (ports: RedeemPorts & { readonly look: Look }, request: CanonicalRequest): Promise<Answer | null> => {
  if (!isBelow(request.path)) {
    // A disguised spelling is neither ours nor an application's.
    if ([...pathReadings(request.path)].some(isBelow))
      throw new SallyportError('ERR_REQUEST_INVALID', 'The path is a disguised reserved one.');
    return null;
  }
  if (request.path === `${RESERVED}/session`) return redeemSession(ports, request);
  if (request.path === `${RESERVED}/visit`) return answerVisit(ports, request);
  if (request.path === SIGNED_IN_PATH) return signedInPage(ports.look);
  if (request.path === FRAME_PATH) return answerFrameTab(ports, request);
  if (request.path === FRAMED_SESSION_PATH) return redeemFramed(ports, request);
  // The portal asks before it signs out, so a link from elsewhere cannot sign anyone out.
  if (request.path === `${RESERVED}/sign-out`) return redirect(303, `${ports.urls.portal}/sign-out`);
  throw new SallyportError('ERR_APPLICATION_UNKNOWN', 'There is nothing at this reserved path.');
};

const isBelow = (path: string): boolean => path === RESERVED || path.startsWith(`${RESERVED}/`);
