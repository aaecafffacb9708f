// Which pages get the script that leads their user to sign in again: those whose scripts could ask for something when the session has ended.
import type { HeaderList } from '../../../protocol/frames.ts';
import type { Application } from '../../stores/records.ts';
import type { CanonicalRequest } from '../canonical-request.ts';
import { carrierOf } from '../socket-script.ts';

export const OFFER_SCRIPT_PATH = '/.sallyport/sign-in-offered.js';
export const AT_ONCE_SCRIPT_PATH = '/.sallyport/sign-in-at-once.js';

/** Null: none. `first` gives the first part of the answer's body, as it was sent. */
export const signInScriptOf = async (
  { signInAgain, preAuthentication, webSockets }: Pick<Application, 'signInAgain' | 'preAuthentication' | 'webSockets'>,
  request: Pick<CanonicalRequest, 'method' | 'headers'>,
  head: { readonly status: number; readonly headers: HeaderList },
  first: () => Promise<Buffer>,
): Promise<string | null> => {
  if (signInAgain === 'off' || preAuthentication === 'pass-through') return null;
  const runsScripts = (await carrierOf({ webSockets: { ...webSockets, pages: 'auto' } }, request, head, first)) === 'page';
  if (!runsScripts) return null;
  return signInAgain === 'offer' ? OFFER_SCRIPT_PATH : AT_ONCE_SCRIPT_PATH;
};
