// The script that offers to sign in again where a page's own requests say that its user is signed out (docs/service-workers.md).
import { offerSignIn } from '../signed-out/browser/offer.ts';
import { signIn } from '../signed-out/browser/onward.ts';
import { watchAnswers } from '../signed-out/browser/watch.ts';

watchAnswers((address) => {
  const at = Date.now();
  offerSignIn(() => signIn({ address, at }));
});
