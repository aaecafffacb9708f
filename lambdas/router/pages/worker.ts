// Before an application's service worker: our own paths are none of its business, whatever it answers navigations with. A worker from before we
// published the application has no such part; one that has takes its place at once, and shows again what that has swallowed.
import { markOf } from '../../../protocol/worker-page.ts';
import { reload, worker } from '../signed-out/browser/worker-scope.ts';

const OURS = `${worker.location.origin}/.sallyport/`;
const MARK = markOf(worker.registration.scope);

worker.addEventListener('fetch', (event) => {
  if (event.request.url.startsWith(OURS)) event.stopImmediatePropagation();
});
worker.addEventListener('install', (event) => event.waitUntil(isMarked().then((marked) => (marked ? undefined : worker.skipWaiting()))));
worker.addEventListener('activate', (event) => event.waitUntil(mark().then(showSwallowed)));

/** Whether the worker that is in force has this part. Where nothing can be stored, nothing is hurried. */
const isMarked = (): Promise<boolean> =>
  new Promise((resolve) => {
    const asked = indexedDB.open(MARK);
    asked.onupgradeneeded = () => {
      asked.transaction?.abort();
      resolve(false);
    };
    asked.onsuccess = () => {
      asked.result.close();
      resolve(true);
    };
    asked.onerror = () => resolve(true);
  });

const mark = (): Promise<void> =>
  new Promise((resolve) => {
    const asked = indexedDB.open(MARK);
    asked.onsuccess = () => {
      asked.result.close();
      resolve();
    };
    asked.onerror = () => resolve();
  });

const showSwallowed = async (): Promise<void> => {
  for (const window of await worker.clients.matchAll({ type: 'window' })) if (window.url.startsWith(OURS)) reload(window);
};
