/// <reference lib="dom" />
// One request of a page on its way in parts, with its progress to the byte and an end whenever the page wants it.
import { BODY_FIELD, CALL_FIELD } from '../../../../protocol/page-call.ts';
import { beginUpload, bringParts, type SendUpload, TUS_VERSION } from '../../../../protocol/upload-client.ts';

export interface Transfer {
  readonly method: string;
  readonly url: URL;
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>;
  readonly blob: Blob;
  readonly signal: AbortSignal;
  /** So many bytes have left. */
  readonly progress: (bytes: number) => void;
}

/** As they were before this script changed them. */
export const native = {
  fetch: globalThis.fetch.bind(globalThis),
  open: XMLHttpRequest.prototype.open,
  setRequestHeader: XMLHttpRequest.prototype.setRequestHeader,
  send: XMLHttpRequest.prototype.send,
  abort: XMLHttpRequest.prototype.abort,
  submit: HTMLFormElement.prototype.submit,
};

/** Uploads that go on: who leaves the page ends them. */
const underWay = new Set<string>();
addEventListener('pagehide', () => {
  for (const address of underWay) end(address);
});

/** The address of the upload once the application has the body, or has answered. Rejects with UploadRefused, or the signal's reason. */
export const transfer = async ({ method, url, headers, blob, signal, progress }: Transfer): Promise<string> => {
  let brought = 0;
  const send = sending(signal, (bytes) => progress(brought + bytes));
  const checkGone = (): void => signal.throwIfAborted();
  checkGone();
  const at = location.origin + url.pathname + url.search;
  const address = await beginUpload({ send }, at, { method, headers, length: blob.size }, { [CALL_FIELD]: 'upload' });
  underWay.add(address);
  try {
    await bringParts({ send, pause, checkGone }, address, {
      length: blob.size,
      slice: (from, to) => blob.slice(from, to),
      progress: (bytes) => {
        brought = bytes;
        progress(bytes);
      },
    });
    return address;
  } catch (error) {
    end(address);
    throw error;
  } finally {
    underWay.delete(address);
  }
};

/** The field by which the response to an upload is asked for, at the address and by the method of the page's own request. */
export const bodyIs = (address: string): [name: string, value: string] => [BODY_FIELD, new URL(address).pathname];

const sending =
  (signal: AbortSignal, progress: (bytes: number) => void): SendUpload<Blob> =>
  (method, url, headers, part) =>
    new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      native.open.call(request, method, url, true);
      for (const [name, value] of Object.entries(headers)) native.setRequestHeader.call(request, name, value);
      const stop = (): void => native.abort.call(request);
      signal.addEventListener('abort', stop, { once: true });
      if (part) request.upload.onprogress = ({ loaded }) => progress(Math.min(loaded, part.size));
      request.onload = () => {
        const { status, responseText } = request;
        resolve({ status, header: (name) => request.getResponseHeader(name), text: async () => responseText });
      };
      request.onerror = () => reject(new TypeError('Failed to fetch'));
      request.onabort = () => reject(signal.reason);
      request.onloadend = () => signal.removeEventListener('abort', stop);
      native.send.call(request, part);
    });

const end = (address: string): void => {
  native.fetch(address, { method: 'DELETE', headers: { 'Tus-Resumable': TUS_VERSION }, keepalive: true }).catch(() => undefined);
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
