// The pages of a sign-in from within a frame: the frame's own, which asks for it, and that of the tab which it opens. Only they speak to
// each other: both are of this origin, and the code that passes between them is good in this frame alone.
import { html } from '../pages/html.ts';
import type { Look } from '../pages/look.ts';
import { answerPage, type Page } from '../pages/page.ts';
import type { Answer } from './answer.ts';

type HeaderField = readonly [name: string, value: string];

/** Where the tab lands that the frame opens. */
export const FRAME_PATH = '/.sallyport/frame';
/** Where the frame turns the code into its session. */
export const FRAMED_SESSION_PATH = '/.sallyport/framed-session';

const ASK = `const onward=document.getElementById('onward'),again=document.getElementById('again'),failed=document.getElementById('failed');
addEventListener('message',async({origin,data})=>{
  if(origin!==location.origin||typeof data!=='object'||typeof data?.sallyportCode!=='string')return;
  const {ok}=await fetch('${FRAMED_SESSION_PATH}',{method:'POST',headers:{'content-type':'text/plain'},body:data.sallyportCode});
  if(ok)location.reload();
  else{failed.hidden=false;again.hidden=true}
});
onward.onclick=(event)=>{event.preventDefault();failed.hidden=true;again.hidden=false;open(onward.href)}`;

const TELL = `if(opener){opener.postMessage({sallyportCode:document.getElementById('code').dataset.code},location.origin);close()}`;

/** `url`: the tab that hands over; `here`: the frame's own address. */
export const askInFrame = (look: Look, url: string, here: string, cookie: HeaderField): Answer => {
  const content = html`<p>The sign-in opens in a tab of its own, and this page goes on by itself.</p>
<p class="actions"><a id="onward" class="button" href="${url}" target="_blank" rel="opener">Sign in</a>
<a href="${here}" target="_blank" rel="noopener">Open in a tab of its own</a></p>
<p id="again" role="status" class="soft" hidden>Once you have signed in there, come back and press “Sign in” once more.</p>
<p id="failed" role="alert" class="mark" hidden>Your browser keeps no sign-in for pages within other pages. Open this one in a tab of its own.</p>`;
  return answer({ title: 'Sign in to see this page', look, content, script: ASK, connects: true }, cookie);
};

export const tellFrame = (look: Look, code: string): Answer => {
  const content = html`<p id="code" data-code="${code}">Close this tab, go back to the page that you came from, and press “Sign in” there once more.</p>`;
  const { headers, ...rest } = answer({ title: 'You are signed in', look, content, script: TELL });
  // The one page of ours that knows who opened it; it tells nobody but a page of this origin.
  return { ...rest, headers: headers.filter(([name]) => name !== 'Cross-Origin-Opener-Policy') };
};

const answer = (page: Page, ...further: readonly HeaderField[]): Answer => {
  const { statusCode, headers, body } = answerPage(page);
  return { status: statusCode, headers: [...Object.entries(headers), ...further], body };
};
