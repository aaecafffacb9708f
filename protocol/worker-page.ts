// What a service worker of ours and pages with a script of ours say to each other (docs/service-workers.md).

/** A worker asks a window, which answers on the port that comes along, whether it finds its own way to sign in. */
export const ASK_WINDOW = 'sallyport-signs-in';

/** The database by which a worker's script knows that the worker before it had our part, too. It holds nothing. */
export const markOf = (scope: string): string => `sallyport ${scope}`;
