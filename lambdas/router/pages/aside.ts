// A service worker that steps aside. It is what a browser without a session gets for an application's worker: that one would go on showing pages
// from its store, and never ask us. With it every page comes from the network, which leads to the sign-in; and with every page it looks whether the
// application's own worker is to be had again. What that has stored stays, and so do its subscriptions.
import { ASK_WINDOW, markOf } from '../../../protocol/worker-page.ts';
import { reload, type Window, worker } from '../signed-out/browser/worker-scope.ts';

/** A page with a script of ours answers at once, unless it is busy. */
const ANSWER_MS = 1_000;

worker.addEventListener('install', () => void worker.skipWaiting());
worker.addEventListener('activate', (event) => event.waitUntil(stepAside()));

worker.addEventListener('fetch', (event) => {
  // Without an answer from here the browser asks the network. A page that registers the worker that is there already has nobody look for a newer one.
  if (event.request.mode === 'navigate') event.waitUntil(worker.registration.update().catch(() => undefined));
});

const stepAside = async (): Promise<void> => {
  // So the application's own worker comes back without waiting for its windows to close.
  indexedDB.deleteDatabase(markOf(worker.registration.scope));
  await worker.clients.claim();
  const windows = await worker.clients.matchAll({ type: 'window' });
  const lost = await Promise.all(windows.map(async (window) => ((await signsIn(window)) ? [] : [window])));
  for (const window of lost.flat()) reload(window);
};

/** Whether it has a script that offers to sign in: then nothing that was entered there is lost. */
const signsIn = (window: Window): Promise<boolean> =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => resolve(true);
    setTimeout(() => resolve(false), ANSWER_MS);
    window.postMessage(ASK_WINDOW, [port2]);
  });
