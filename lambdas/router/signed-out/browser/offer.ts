/// <reference lib="dom" />
// What a user sees who is signed out, or is to show once more who they are, while a page is open: the page stays as it is, and beside it the way to sign in. Styled by the object
// model, which no policy forbids.

/** So long nothing is offered again after it was put away. */
const QUIET_MS = 60_000;

let shown = false;
let quietUntil = 0;

export const offerSignIn = (signIn: () => void): void => {
  if (shown || Date.now() < quietUntil) return;
  shown = true;
  const host = document.createElement('div');
  const box = document.createElement('div');
  const text = document.createElement('span');
  const put = () => {
    shown = false;
    quietUntil = Date.now() + QUIET_MS;
    host.remove();
  };
  Object.assign(box.style, {
    ...{ position: 'fixed', insetBlockEnd: '1rem', insetInlineEnd: '1rem', zIndex: '2147483647', display: 'flex', gap: '.75rem' },
    ...{ alignItems: 'center', padding: '.75rem 1rem', font: '14px system-ui, sans-serif', color: '#1b1b1b', background: '#fff' },
    ...{ border: '1px solid #767676', borderRadius: '6px', boxShadow: '0 2px 8px rgb(0 0 0 / .3)' },
  });
  box.setAttribute('role', 'alert');
  text.textContent = 'To go on, please sign in.';
  box.append(text, button('Sign in', signIn), button('Not now', put));
  host.attachShadow({ mode: 'open' }).append(box);
  document.documentElement.append(host);
};

const button = (text: string, act: () => void): HTMLButtonElement => {
  const made = document.createElement('button');
  made.type = 'button';
  made.textContent = text;
  made.addEventListener('click', act);
  return made;
};
