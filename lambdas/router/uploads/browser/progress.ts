/// <reference lib="dom" />
// What a user sees while a form's files go up: the browser itself shows nothing then. Styled by the object model, which no policy forbids.

export interface Shown {
  /** In [0, 1]. */
  update(share: number): void;
  fail(message: string): void;
  remove(): void;
}

export const showProgress = (cancel: () => void): Shown => {
  const host = document.createElement('div');
  const box = document.createElement('div');
  const text = document.createElement('span');
  const bar = document.createElement('progress');
  const button = document.createElement('button');
  Object.assign(box.style, {
    ...{ position: 'fixed', insetBlockEnd: '1rem', insetInlineEnd: '1rem', zIndex: '2147483647', display: 'flex', gap: '.75rem' },
    ...{ alignItems: 'center', padding: '.75rem 1rem', font: '14px system-ui, sans-serif', color: '#1b1b1b', background: '#fff' },
    ...{ border: '1px solid #767676', borderRadius: '6px', boxShadow: '0 2px 8px rgb(0 0 0 / .3)' },
  });
  box.setAttribute('role', 'status');
  bar.setAttribute('aria-label', 'Upload');
  button.type = 'button';
  button.textContent = 'Cancel';
  button.addEventListener('click', cancel);
  const update = (share: number): void => {
    bar.value = share;
    text.textContent = `Uploading: ${Math.floor(share * 100)} %`;
  };
  update(0);
  box.append(text, bar, button);
  host.attachShadow({ mode: 'open' }).append(box);
  document.documentElement.append(host);
  const remove = (): void => host.remove();
  return {
    update,
    remove,
    fail: (message) => {
      text.textContent = message;
      bar.remove();
      button.textContent = 'Close';
      button.addEventListener('click', remove);
    },
  };
};
