// The identity provider's pages: plain forms that a person, a browser test and a script can fill in.
import type { TestUser } from './users.ts';
import { oneTimeCode } from './users.ts';

const STYLE = `
:root{color-scheme:light dark}
body{margin:0;min-height:100vh;display:grid;place-items:center;font:1rem/1.5 system-ui,sans-serif;background:#eef1f6;color:#1b2430}
main{box-sizing:border-box;width:min(28rem,92vw);padding:2rem;background:#fff;border-radius:.75rem;box-shadow:0 1px 12px #0002}
h1{margin:0 0 1rem;font-size:1.4rem}label{display:block;margin:.75rem 0;font-weight:600}
input{display:block;width:100%;box-sizing:border-box;padding:.6rem;margin-top:.25rem;font:inherit;border:1px solid #8b97a6;border-radius:.4rem}
button{width:100%;margin-top:1rem;padding:.7rem;font:inherit;color:#fff;background:#6a3fb5;border:0;border-radius:.4rem;cursor:pointer}
.note{color:#55606e;font-size:.875rem}.wrong{color:#a8201a;font-weight:600}
@media (prefers-color-scheme:dark){body{background:#12161c;color:#e6eaf0}main{background:#1c232c}.note{color:#a9b4c2}.wrong{color:#ff9d97}input{background:#12161c;color:inherit}}
`;

const shell = (title: string, content: string): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"><title>${title}</title><style>${STYLE}</style></head>
<body><main><h1>${title}</h1>${content}</main></body></html>`;

export const passwordPage = (action: string, wrong: boolean): string =>
  shell(
    'Sign in',
    `${wrong ? '<p class="wrong" role="alert">User name or password is wrong.</p>' : ''}
<form method="post" action="${action}/password">
<label>User name<input name="username" autocomplete="username" required autofocus></label>
<label>Password<input name="password" type="password" autocomplete="current-password" required></label>
<button>Sign in</button></form>
<p class="note">The simulator’s identity provider. Its test users are listed where you started the simulator.</p>`,
  );

export const codePage = (action: string, user: TestUser, wrong: boolean): string =>
  shell(
    'One more step',
    `${wrong ? '<p class="wrong" role="alert">That code is wrong.</p>' : ''}
<form method="post" action="${action}/code">
<label>One-time code<input name="code" inputmode="numeric" autocomplete="one-time-code" required autofocus></label>
<button>Confirm</button></form>
<p class="note">Test user: the code is <output>${oneTimeCode(user)}</output>.</p>`,
  );

/** Ends the provider's session at once: the portal has already asked. */
export const signOutPage = (form: string): string =>
  shell(
    'Signing out',
    `${form.replace('</form>', '<input type="hidden" name="logout" value="yes"/><noscript><button>Sign out</button></noscript></form>')}
<script>document.forms[0].submit()</script>`,
  );

export const signedOutPage = (): string => shell('Signed out', '<p>You are signed out.</p>');

export const faultPage = (): string => shell('This sign-in has expired', '<p>Please start again at the application.</p>');
