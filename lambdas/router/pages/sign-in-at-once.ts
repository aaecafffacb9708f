// The script that signs in again at once where a page's own requests say that its user is signed out. It goes round no circle: what comes soon
// after a sign-in is only offered.
import { offerSignIn } from '../signed-out/browser/offer.ts';
import { signIn } from '../signed-out/browser/onward.ts';
import { watchAnswers } from '../signed-out/browser/watch.ts';

const MARK = 'sallyport-signed-in-at';
const AGAIN_MS = 60_000;

/** False where a page may keep nothing. */
const mayGo = (): boolean => {
  try {
    if (Date.now() - Number(sessionStorage.getItem(MARK)) < AGAIN_MS) return false;
    sessionStorage.setItem(MARK, String(Date.now()));
    return true;
  } catch {
    return false;
  }
};

watchAnswers((address) => {
  const at = Date.now();
  if (mayGo()) signIn({ address, at });
  else offerSignIn(() => signIn({ address, at }));
});
