/// <reference lib="dom" />
// From a page whose user is signed out to the sign-in, and back to the page as it is.
import { KEPT_PLACE, returnAddress } from '../../../../protocol/kept-place.ts';
import { RETURN_MAX_CHARACTERS } from '../../../../protocol/limits.ts';

/** The cookie that binds a sign-in to this browser lasts ten minutes from the answer that told of it. */
const GOOD_MS = 9 * 60_000;
/** Enough to know which application it is. */
const FOLDER_MAX_CHARACTERS = 500;

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
  const { href, origin, pathname } = location;
  // A path of ours that an application's worker answered is none to come back to; nor is one that could be read as a host.
  const returnable = !pathname.startsWith('//') && !pathname.startsWith('/.sallyport/');
  // As addresses to return to are spelt.
  const here = href.replaceAll('\\', '%5C');
  const fits = here.length <= RETURN_MAX_CHARACTERS && encodeURIComponent(here).length <= 2 * RETURN_MAX_CHARACTERS;
  url.searchParams.set('to', !returnable ? `${origin}/` : fits ? here : kept(origin, pathname));
  return url.href;
};

/** Too long to travel: the tab keeps it. */
const kept = (origin: string, pathname: string): string => {
  try {
    sessionStorage.setItem(KEPT_PLACE, location.href);
  } catch {
    // A page that may keep nothing comes back to its folder.
  }
  return returnAddress(origin, pathname.slice(0, pathname.lastIndexOf('/', FOLDER_MAX_CHARACTERS) + 1));
};
