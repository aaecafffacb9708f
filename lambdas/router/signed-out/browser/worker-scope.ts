/// <reference lib="dom" />
// A service worker's own world, as far as scripts of ours need it: TypeScript's library for it excludes that for pages.

interface Lasting extends Event {
  waitUntil(work: Promise<unknown>): void;
}

export interface Window {
  readonly url: string;
  postMessage(message: unknown, transfer: readonly MessagePort[]): void;
  navigate(url: string): Promise<unknown>;
}

export interface WorkerScope {
  readonly location: Location;
  readonly registration: ServiceWorkerRegistration;
  readonly clients: {
    claim(): Promise<void>;
    matchAll(wanted: { readonly type: 'window' }): Promise<readonly Window[]>;
  };
  skipWaiting(): Promise<void>;
  addEventListener(type: 'install' | 'activate', listener: (event: Lasting) => void): void;
  addEventListener(type: 'fetch', listener: (event: Lasting & { readonly request: Request }) => void): void;
}

export const worker = globalThis as unknown as WorkerScope;

/** The window asks the network what it shows. It is not awaited: that would wait for the worker, which waits for whoever activates it. */
export const reload = (window: Window): void => {
  window.navigate(window.url).catch(() => undefined);
};
