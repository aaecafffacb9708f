// On the way to sign in, so that nothing is lost: browsers tell servers nothing of a `#fragment`, so a script takes it along, or keeps the whole
// address in the tab where it is too long to travel; and a form that was sent too late is kept in the page until the user has signed in, in another tab.
import { KEPT_PLACE } from '../../protocol/kept-place.ts';
import { type Html, html } from '../pages/html.ts';
import type { Look } from '../pages/look.ts';
import { answerPage, type Page, type PageOptions } from '../pages/page.ts';
import type { Answer } from './answer.ts';
import type { CanonicalRequest } from './canonical-request.ts';

type HeaderField = readonly [name: string, value: string];

/** Where the tab lands that was opened to sign in; it tells the one that waits. */
export const SIGNED_IN_PATH = '/.sallyport/signed-in';
/** A longer one would not fit into the way back. */
const FRAGMENT_MAX_CHARACTERS = 900;
const CHANNEL = 'sallyport-signed-in';

const ONWARD = `const onward=document.getElementById('onward'),{hash}=location;
let to=onward.href+encodeURIComponent(hash);
if(onward.dataset.fits===''||hash.length>${FRAGMENT_MAX_CHARACTERS})try{
  sessionStorage.setItem('${KEPT_PLACE}',location.href);
  to=onward.dataset.kept;
}catch{to=onward.href}
location.replace(to)`;

const BACK = `let to=null;
try{to=sessionStorage.getItem('${KEPT_PLACE}');sessionStorage.removeItem('${KEPT_PLACE}')}catch{}
location.replace(to?.startsWith(location.origin+'/')&&!to.startsWith(location.origin+'/.sallyport/')?to:document.getElementById('onward').href)`;

const SEND = `const kept=document.getElementById('kept');
const send=async()=>{
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
};`;

const SEND_LATER = `${SEND}
new BroadcastChannel('${CHANNEL}').onmessage=send;
document.getElementById('onward').onclick=(event)=>{event.preventDefault();open(event.target.href)}`;

const SEND_NOW = `${SEND}
send()`;

const TELL = `new BroadcastChannel('${CHANNEL}').postMessage('');close()`;

/** Only a browser's own navigation has a fragment, and a script to take it along. */
export const hasFragment = ({ method, headers }: CanonicalRequest): boolean =>
  method === 'GET' && says(headers, 'sec-fetch-mode', 'navigate') && says(headers, 'sec-fetch-dest', 'document');

export interface WayBack {
  /** Leads to sign in, and ends with the address to return to, encoded; where that does not fit, with the application's first page. */
  readonly url: string;
  readonly fits: boolean;
  /** Leads to sign in as well, and returns to where the tab finds what it has kept. */
  readonly kept: string;
}

export const fragmentPage = (look: Look, { url, fits, kept }: WayBack, cookie: HeaderField): Answer => {
  const content = html`<p><a id="onward" class="button" href="${url}" data-fits="${fits ? '1' : ''}" data-kept="${kept}">Sign in</a></p>`;
  return answer({ title: 'Signing in', look, content, script: ONWARD, withoutScripts: url }, cookie);
};

/** Where the tab goes on to the address that it has kept. `home`: where there is none, as when the sign-in ended in another tab. */
export const returnPage = (look: Look, home: string): Answer => {
  const content = html`<p><a id="onward" class="button" href="${home}">Go on</a></p>`;
  return answer({ title: 'You are signed in', look, content, script: BACK, withoutScripts: home });
};

/** A form that a page can send again. One that this very site's page sent is kept; others only where the application waits for them (forms-from.ts). */
export const isForm = ({ method, headers }: CanonicalRequest): boolean =>
  method === 'POST' &&
  says(headers, 'sec-fetch-mode', 'navigate') &&
  /^(?:application\/x-www-form-urlencoded|multipart\/form-data)(?:;|$)/i.test(first(headers, 'content-type') ?? '');

/**
 * One of another site's would be sent on with the user's session, which is what SameSite cookies keep it from (CSRF).
 */
export const isOwnForm = (request: CanonicalRequest): boolean => isForm(request) && says(request.headers, 'sec-fetch-site', 'same-origin');

/** For users who are signed out, and for those who are to show once more who they are. `origin`: the form goes back to exactly where it was sent, whatever its path looks like (`//host`). */
export const keptFormPage = (look: Look, request: CanonicalRequest, origin: string, url: string, cookie: HeaderField): Answer => {
  const content = html`<p>What you just sent has not reached the application: it asks you to sign in first. It is kept in this page.</p>
<p>Sign in in another tab, and it will be sent.</p>
<p><a id="onward" class="button" href="${url}" target="_blank" rel="noopener">Sign in and send</a></p>
${formOf(request, origin)}`;
  return answerForm({ title: 'Sign in to send this', look, content, script: SEND_LATER }, origin, cookie);
};

/** Sends the form at once, from this origin: then the browser's cookies come along. */
export const sentAgainPage = (look: Look, request: CanonicalRequest, origin: string): Answer => {
  const content = html`<p>The application gets what the page before this one sent.</p>
${formOf(request, origin)}`;
  return answerForm({ title: 'One moment', look, content, script: SEND_NOW }, origin);
};

const formOf = ({ headers, path, query, body }: CanonicalRequest, origin: string): Html => {
  const type = first(headers, 'content-type') ?? '';
  return html`<form id="kept" method="post" action="${origin}${path}${query}" enctype="${type.split(';')[0]!.trim().toLowerCase()}" accept-charset="utf-8" data-type="${Buffer.from(type, 'latin1').toString('utf8')}" data-body="${body.toString('base64')}"></form>`;
};

/** The application may answer the form with a redirect to another host: CSP would stop the browser there. */
const answerForm = (page: Page, origin: string, ...further: readonly HeaderField[]): Answer =>
  answerWith(page, { formTargets: [...new Set([new URL(origin).protocol, 'https:'])] }, further);

export const signedInPage = (look: Look): Answer =>
  answer({ title: 'You are signed in', look, content: html`<p>What you sent is on its way: go back to the other tab.</p>`, script: TELL });

const answer = (page: Page, ...further: readonly HeaderField[]): Answer => answerWith(page, {}, further);

const answerWith = (page: Page, options: PageOptions, further: readonly HeaderField[]): Answer => {
  const { statusCode, headers, body } = answerPage(page, options);
  return { status: statusCode, headers: [...Object.entries(headers), ...further], body };
};

const says = (headers: CanonicalRequest['headers'], name: string, value: string): boolean => first(headers, name)?.toLowerCase() === value;

const first = (headers: CanonicalRequest['headers'], wanted: string): string | null =>
  headers.find(([name]) => name.toLowerCase() === wanted)?.[1] ?? null;
