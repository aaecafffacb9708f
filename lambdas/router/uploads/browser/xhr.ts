/// <reference lib="dom" />
// XMLHttpRequest for large bodies: the same object carries its body in parts, with the events of `upload`, and then asks for the response, which
// it tells as ever. Smaller bodies, other hosts and requests that block the page are the browser's own.
import { addressOf, largeBody, mayCarry } from './bodies.ts';
import { bodyIs, native, transfer } from './transfer.ts';

interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly headers: [name: string, value: string][];
  /** Set while its body is on its way. */
  carrying: AbortController | null;
}

const requests = new WeakMap<XMLHttpRequest, Asked>();
/** Those whose beginning has been told: the browser tells it again when it asks for the response. */
const begun = new WeakSet<EventTarget>();

export const installXhr = (): void => {
  const Native = XMLHttpRequest;
  const { prototype } = Native;
  globalThis.XMLHttpRequest = class XMLHttpRequest extends Native {
    constructor() {
      super();
      // Before any listener of the page.
      this.addEventListener('loadstart', (event) => {
        if (event.isTrusted && begun.delete(this)) event.stopImmediatePropagation();
      });
    }
  };

  prototype.open = function open(this: XMLHttpRequest, method: string, url: string | URL, async: boolean = true, ...rest: never[]): void {
    requests.get(this)?.carrying?.abort();
    requests.delete(this);
    native.open.call(this, method, url, async, ...rest);
    const parsed = addressOf(String(url));
    if (async && parsed !== null && mayCarry(method, parsed))
      requests.set(this, { method: method.toUpperCase(), url: parsed, headers: [], carrying: null });
  };

  prototype.setRequestHeader = function setRequestHeader(this: XMLHttpRequest, name: string, value: string): void {
    native.setRequestHeader.call(this, name, value);
    requests.get(this)?.headers.push([name, String(value).trim()]);
  };

  prototype.send = function send(this: XMLHttpRequest, body?: Document | XMLHttpRequestBodyInit | null): void {
    const asked = requests.get(this);
    const large = asked === undefined ? null : largeBody(body);
    if (asked?.carrying) throw new DOMException('The object is being sent already.', 'InvalidStateError');
    if (asked === undefined || large === null) {
      native.send.call(this, body);
      return;
    }
    const typed = large.type !== null && !asked.headers.some(([name]) => name.toLowerCase() === 'content-type');
    void carry(this, asked, large.blob, typed ? [...asked.headers, ['Content-Type', large.type!]] : asked.headers);
  };

  prototype.abort = function abort(this: XMLHttpRequest): void {
    const carrying = requests.get(this)?.carrying;
    if (carrying) carrying.abort(new DOMException('The request was aborted.', 'AbortError'));
    else native.abort.call(this);
  };
};

const carry = async (
  request: XMLHttpRequest,
  asked: Asked,
  blob: Blob,
  headers: ReadonlyArray<readonly [string, string]>,
): Promise<void> => {
  const carrying = new AbortController();
  const total = blob.size;
  let sent = 0;
  const tell = (target: EventTarget, type: string, loaded = 0, of = 0): void => {
    target.dispatchEvent(new ProgressEvent(type, { lengthComputable: of > 0, loaded, total: of }));
  };
  asked.carrying = carrying;
  const { timeout } = request;
  const timer =
    timeout > 0 ? setTimeout(() => carrying.abort(new DOMException('The request timed out.', 'TimeoutError')), timeout) : undefined;
  tell(request, 'loadstart');
  tell(request.upload, 'loadstart', 0, total);
  try {
    const { method, url } = asked;
    const progress = (bytes: number): void => {
      // What is sent again has been told.
      if (bytes <= sent || carrying.signal.aborted) return;
      sent = bytes;
      tell(request.upload, 'progress', sent, total);
    };
    const address = await transfer({ method, url, headers, blob, signal: carrying.signal, progress });
    asked.carrying = null;
    for (const type of ['load', 'loadend']) tell(request.upload, type, total, total);
    respond(request, asked, address);
  } catch {
    asked.carrying = null;
    const { name } = (carrying.signal.reason ?? {}) as { name?: string };
    const type = name === 'AbortError' ? 'abort' : name === 'TimeoutError' ? 'timeout' : 'error';
    for (const target of [request.upload, request]) for (const event of [type, 'loadend']) tell(target, event);
  } finally {
    clearTimeout(timer);
  }
};

const respond = (request: XMLHttpRequest, { method, url }: Asked, address: string): void => {
  begun.add(request);
  native.open.call(request, method, url, true);
  native.setRequestHeader.call(request, ...bodyIs(address));
  native.send.call(request);
};
