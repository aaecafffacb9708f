// The sample site's pages.
import type { IncomingMessage } from 'node:http';

export const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);

const STYLE = `
*{box-sizing:border-box}
body{margin:0;font:1rem/1.5 Georgia,serif;background:#fbf8f1;color:#2b2620}
header{background:#3d5a45;color:#fff;padding:1rem}header a{display:inline-block;color:#fff;margin-right:1rem}
main{max-width:46rem;margin:0 auto;padding:1rem}
table{border-collapse:collapse;width:100%;font-size:.875rem}
th,td{text-align:left;padding:.25rem .5rem;border-bottom:1px solid #e2dac8;overflow-wrap:anywhere;vertical-align:top}th{white-space:nowrap}
label{display:block;margin:.5rem 0}input,textarea,button{font:inherit;padding:.4rem}textarea{width:100%}
article{border-left:3px solid #3d5a45;padding-left:1rem;margin:1rem 0}img{max-width:100%}
`;

export const page = (title: string, content: string): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"><title>${escaped(title)} · Intranet</title><style>${STYLE}</style></head>
<body><header><strong>Intranet</strong> <nav><a href="/">Home</a><a href="/guestbook">Guestbook</a><a href="/clock">Clock</a><a href="/chat">Chat</a><a href="/moved">A redirect</a><a href="/download?mb=5">A download</a></nav></header>
<main><h1>${escaped(title)}</h1>${content}</main></body></html>`;

/** Sallyport's headers are UTF-8; Node reads one character for each byte (RFC 9110 §5.5). */
export const asText = (value: string | readonly string[] | undefined): string => Buffer.from(String(value), 'latin1').toString('utf8');

/** Shows who the visitor is by the headers that came with the request: the site has no sign-in of its own. */
export const homePage = (request: IncomingMessage): string => {
  const name = request.headers['remote-name'] ?? request.headers['remote-user'];
  const rows = Object.entries(request.headers).map(
    ([header, value]) => `<tr><th scope="row">${escaped(header)}</th><td>${escaped(asText(value))}</td></tr>`,
  );
  return page(
    name ? `Good day, ${asText(name)}` : 'Good day',
    `<p>This site runs on the private network. Nothing reaches it from outside but through the connector.</p>
<h2>What came with your request</h2><table>${rows.join('')}</table>`,
  );
};

/** Server-sent events, shown as they come. */
export const clockPage = (): string =>
  page(
    'Clock',
    `<p>Each line is one server-sent event; it left this server when it was written.</p><ol id="events"></ol>
<script>new EventSource('/events').onmessage=(event)=>{const item=document.createElement('li');item.textContent=event.data;document.getElementById('events').append(item)}</script>`,
  );
