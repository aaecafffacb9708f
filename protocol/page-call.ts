// What scripts of ours ask for an application's page at the target's own path, so that the browser itself chooses which cookies go along, and
// where those of the answer belong (RFC 6265 §5.1.4). A page of another origin would need a preflight for the field, and none is granted.

export const CALL_FIELD = 'Sallyport-Call';

/** What is asked for: the handshake of a WebSocket, or that an upload begins. */
export type PageCall = 'socket' | 'upload';

/** Names the upload that is the body of a request. A browser drops it where a redirect drops the body (Fetch, "request-body-header name"). */
export const BODY_FIELD = 'Content-Location';
