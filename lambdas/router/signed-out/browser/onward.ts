/// <reference lib="dom" />
// From a page whose user is signed out to the sign-in, and back to the page as it is.
import { RETURN_MAX_CHARACTERS } from '../../../../protocol/limits.ts';

/** The cookie that binds a sign-in to this browser lasts ten minutes from the answer that told of it. */
const GOOD_MS = 9 * 60_000;

export interface SignedOut {
  /** Of the sign-in. */
  readonly address: string;
  /** When it was told, in milliseconds since the epoch. */
  readonly at: number;
}

export const signIn = ({ address, at }: SignedOut): void => {
  // Too late for it: what the page asks next is told another.
  if (Date.now() - at > GOOD_MS) location.reload();
  else location.assign(returningHere(address));
};

/** What was refused is a request of the page; where to come back to is the page. */
const returningHere = (address: string): string => {
  const url = new URL(address);
  const { href, origin, pathname, hash } = location;
  // A path of ours that an application's worker answered is none to come back to; nor is one that could be read as a host.
  const returnable = !pathname.startsWith('//') && !pathname.startsWith('/.sallyport/');
  // As addresses to return to are spelt.
  const here = href.replaceAll('\\', '%5C');
  const [to] = returnable ? [here, here.slice(0, here.length - hash.length)].filter((one) => one.length <= RETURN_MAX_CHARACTERS) : [];
  url.searchParams.set('to', to ?? `${origin}/`);
  return url.href;
};
