// On the way to sign in, so that nothing is lost: browsers tell servers nothing of a `#fragment`, so a script of one line takes it along;
// and a form that was sent too late is kept in the page until the user has signed in, in another tab.
import { html } from '../pages/html.ts';
import type { Look } from '../pages/look.ts';
import { answerPage, type Page } from '../pages/page.ts';
import type { Answer } from './answer.ts';
import type { CanonicalRequest } from './canonical-request.ts';

type HeaderField = readonly [name: string, value: string];

/** Where the tab lands that was opened to sign in; it tells the one that waits. */
export const SIGNED_IN_PATH = '/.sallyport/signed-in';
/** A longer one would not fit into the way back. */
const FRAGMENT_MAX_CHARACTERS = 900;
const CHANNEL = 'sallyport-signed-in';

const ONWARD = `const h=location.hash;location.replace(document.getElementById('onward').href+(h.length<=${FRAGMENT_MAX_CHARACTERS}?encodeURIComponent(h):''))`;

const RESEND = `const kept=document.getElementById('kept');
new BroadcastChannel('${CHANNEL}').onmessage=async()=>{
  const bytes=Uint8Array.from(atob(kept.dataset.body),(c)=>c.charCodeAt(0));
  const data=await new Response(bytes,{headers:{'content-type':kept.dataset.type}}).formData();
  for(const [name,value] of data){
    const input=document.createElement('input');
    input.name=name;
    if(typeof value==='string'){input.type='hidden';input.value=value}
    else{input.type='file';input.hidden=true;const files=new DataTransfer();if(value.name||value.size)files.items.add(value);input.files=files.files}
    kept.append(input);
  }
  HTMLFormElement.prototype.submit.call(kept);
};
document.getElementById('onward').onclick=(event)=>{event.preventDefault();open(event.target.href)}`;

const TELL = `new BroadcastChannel('${CHANNEL}').postMessage('');close()`;

/** Only a browser's own navigation has a fragment, and a script to take it along. */
export const hasFragment = ({ method, headers }: CanonicalRequest): boolean =>
  method === 'GET' && says(headers, 'sec-fetch-mode', 'navigate') && says(headers, 'sec-fetch-dest', 'document');

/** `url` ends with the address to return to, encoded. */
export const fragmentPage = (look: Look, url: string, cookie: HeaderField): Answer => {
  const content = html`<p><a id="onward" class="button" href="${url}">Sign in</a></p>`;
  return answer({ title: 'Signing in', look, content, script: ONWARD, withoutScripts: url }, cookie);
};

/**
 * A form that this very site's page sent: one of another site's would be sent on with the user's session, which is what
 * SameSite cookies keep it from (CSRF).
 */
export const isKeepable = ({ method, headers }: CanonicalRequest): boolean =>
  method === 'POST' &&
  says(headers, 'sec-fetch-mode', 'navigate') &&
  says(headers, 'sec-fetch-site', 'same-origin') &&
  /^(?:application\/x-www-form-urlencoded|multipart\/form-data)(?:;|$)/i.test(first(headers, 'content-type') ?? '');

/** `origin`: the form goes back to exactly where it was sent, whatever its path looks like (`//host`). */
export const keptFormPage = (look: Look, request: CanonicalRequest, origin: string, url: string, cookie: HeaderField): Answer => {
  const type = first(request.headers, 'content-type') ?? '';
  const content = html`<p>You are signed out, and what you just sent has not reached the application. It is kept in this page.</p>
<p>Sign in in another tab, and it will be sent.</p>
<p><a id="onward" class="button" href="${url}" target="_blank" rel="noopener">Sign in and send</a></p>
<form id="kept" method="post" action="${origin}${request.path}${request.query}" enctype="${type.split(';')[0]!.trim().toLowerCase()}" accept-charset="utf-8" data-type="${Buffer.from(type, 'latin1').toString('utf8')}" data-body="${request.body.toString('base64')}"></form>`;
  return answer({ title: 'Sign in to send this', look, content, script: RESEND }, cookie);
};

export const signedInPage = (look: Look): Answer =>
  answer({ title: 'You are signed in', look, content: html`<p>What you sent is on its way: go back to the other tab.</p>`, script: TELL });

const answer = (page: Page, ...further: readonly HeaderField[]): Answer => {
  const { statusCode, headers, body } = answerPage(page);
  return { status: statusCode, headers: [...Object.entries(headers), ...further], body };
};

const says = (headers: CanonicalRequest['headers'], name: string, value: string): boolean => first(headers, name)?.toLowerCase() === value;

const first = (headers: CanonicalRequest['headers'], wanted: string): string | null =>
  headers.find(([name]) => name.toLowerCase() === wanted)?.[1] ?? null;
