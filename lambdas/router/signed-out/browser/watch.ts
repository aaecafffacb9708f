/// <reference lib="dom" />
// Notices that the user is signed out: the page's own host answered one of its requests with 401, and with where to sign in.
import { ASK_WINDOW } from '../../../../protocol/worker-page.ts';

const FIELD = 'Sallyport-Sign-In';
const REFUSED = 401;

/** `signedOut` gets the address of the sign-in. */
export const watchAnswers = (signedOut: (address: string) => void): void => {
  const note = (url: string, address: string | null): void => {
    if (address !== null && url.startsWith(`${location.origin}/`)) signedOut(address);
  };

  globalThis.fetch = new Proxy(globalThis.fetch, {
    apply: (native, self, given) => {
      const answer: Promise<Response> = Reflect.apply(native, self, given);
      answer.then(
        ({ status, url, headers }) => status === REFUSED && note(url, headers.get(FIELD)),
        () => undefined,
      );
      return answer;
    },
  });

  const { prototype } = XMLHttpRequest;
  prototype.send = new Proxy(prototype.send, {
    apply: (native, request: XMLHttpRequest, given) => {
      const loaded = () => request.status === REFUSED && note(request.responseURL, request.getResponseHeader(FIELD));
      request.addEventListener('load', loaded, { once: true });
      return Reflect.apply(native, request, given);
    },
  });

  // A worker that steps aside leaves a page alone that can say so itself. No listener of the page's hears it.
  navigator.serviceWorker?.addEventListener('message', (event) => {
    if (event.data !== ASK_WINDOW) return;
    event.stopImmediatePropagation();
    event.ports[0]?.postMessage(true);
  });
};
