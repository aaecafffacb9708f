/// <reference lib="dom" />
// Forms with large files: their data goes up in parts while the page stays, and then the browser goes where the form leads, by a small form
// that names the upload. Who leaves the page, or says so, ends it.
import { REQUEST_BODY_MAX_BYTES } from '../../../../protocol/limits.ts';
import { UPLOAD_FIELD, UploadRefused } from '../../../../protocol/upload-client.ts';
import { addressOf, mayCarry } from './bodies.ts';
import { multipart, newBoundary } from './multipart.ts';
import { showProgress } from './progress.ts';
import { native, transfer } from './transfer.ts';

type Submitter = HTMLButtonElement | HTMLInputElement | null;

export const installForms = (): void => {
  addEventListener('submit', (event) => {
    const form = event.target;
    if (event.defaultPrevented || !(form instanceof HTMLFormElement)) return;
    if (carry(form, event.submitter as Submitter)) event.preventDefault();
  });
  HTMLFormElement.prototype.submit = function submit(this: HTMLFormElement): void {
    if (!carry(this, null)) native.submit.call(this);
  };
};

/** False: it is the browser's. */
const carry = (form: HTMLFormElement, submitter: Submitter): boolean => {
  const said = (name: string): string | null => submitter?.getAttribute(`form${name}`) ?? form.getAttribute(name);
  const url = addressOf(said('action') || document.URL);
  if (said('method')?.toLowerCase() !== 'post' || said('enctype')?.toLowerCase() !== 'multipart/form-data') return false;
  if (url === null || !mayCarry('POST', url) || filesOf(form) <= REQUEST_BODY_MAX_BYTES) return false;
  const blob = multipart(new FormData(form, submitter), newBoundary());
  const leaving = new AbortController();
  const shown = showProgress(() => leaving.abort(new DOMException('The upload was cancelled.', 'AbortError')));
  transfer({
    ...{ method: 'POST', url, blob, signal: leaving.signal },
    headers: [
      ['Content-Type', blob.type],
      ['Accept', 'text/html,application/xhtml+xml,*/*;q=0.8'],
    ],
    progress: (bytes) => shown.update(bytes / blob.size),
  }).then(
    (address) => {
      shown.remove();
      follow(address, url, said('target') ?? '');
    },
    (error: unknown) => {
      if (leaving.signal.aborted) shown.remove();
      else shown.fail(error instanceof UploadRefused ? error.message : 'The upload failed.');
    },
  );
  return true;
};

/** Bytes of the files that were chosen. */
const filesOf = (form: HTMLFormElement): number =>
  [...form.elements].reduce(
    (sum, element) =>
      element instanceof HTMLInputElement && element.type === 'file' && !element.disabled
        ? [...(element.files ?? [])].reduce((bytes, { size }) => bytes + size, sum)
        : sum,
    0,
  );

const follow = (address: string, url: URL, target: string): void => {
  const form = document.createElement('form');
  const field = document.createElement('input');
  Object.assign(form, { method: 'post', action: url.href, target, hidden: true });
  Object.assign(field, { type: 'hidden', name: UPLOAD_FIELD, value: address.slice(address.lastIndexOf('/') + 1) });
  form.append(field);
  document.body.append(form);
  native.submit.call(form);
  form.remove();
};
