// The one look of every page that Sallyport itself shows: nothing to load; dark where the user wants it dark.
// The tenant's colour is used as it is for a band, and made readable where it is text or lies under text.
import { readableOn, textOn } from './contrast.ts';

const COLOR_DEFAULT = '#0b5cad';
const LIGHT = { paper: '#f4f6f8', card: '#ffffff' };
/** Behind the letters of an application without a picture, in white. */
export const TILES = ['#b3261e', '#9a5000', '#6b5e00', '#2e6b2f', '#00696d', '#1f5fa8', '#5b4fc4', '#9c3587'] as const;
const DARK = { paper: '#11161c', card: '#1b222b' };

export const styleOf = (color: string | null): string => {
  const brand = color ?? COLOR_DEFAULT;
  const [light, dark] = [LIGHT, DARK].map(({ paper, card }) => readableOn(brand, paper, card)) as [string, string];
  return `
:root{color-scheme:light dark;--brand:${brand};--ink:#1a2129;--soft:#52606d;--paper:${LIGHT.paper};--card:${LIGHT.card};--line:#d5dce3;--mark:#7a4b00;--accent:${light};--on-accent:${textOn(light)}}
@media (prefers-color-scheme:dark){:root{--ink:#e8edf2;--soft:#a3b1bf;--paper:${DARK.paper};--card:${DARK.card};--line:#34404d;--mark:#f0b65a;--accent:${dark};--on-accent:${textOn(dark)}}}
${RULES}
${TILES.map((color, index) => `.tile${index}{background:${color}}`).join('')}`.trim();
};

const RULES = `
*{box-sizing:border-box}
body{margin:0;border-top:.375rem solid var(--brand);background:var(--paper);color:var(--ink);font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
header,main,footer{max-width:60rem;margin:0 auto;padding:1rem}
header{display:flex;flex-wrap:wrap;gap:.25rem 1rem;align-items:baseline;border-bottom:1px solid var(--line)}
header p{margin:0}header .tenant{font-weight:600;margin-right:auto}
h1{font-size:1.5rem;line-height:1.25;margin:1rem 0}
a{color:var(--accent)}
.soft{color:var(--soft)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.applications{list-style:none;margin:0;padding:0;display:grid;gap:1rem;grid-template-columns:repeat(auto-fill,minmax(min(17rem,100%),1fr))}
.application{display:flex;gap:.875rem;align-items:center;height:100%;min-height:4.75rem;padding:1rem;background:var(--card);border:1px solid var(--line);border-radius:.75rem;color:inherit;text-decoration:none}
a.application:hover{border-color:var(--accent)}
div.application{background:none;border-style:dashed}
.application .about{min-width:0;display:grid;gap:.125rem;align-content:center}
.application strong{color:var(--accent)}div.application strong{color:var(--soft)}
.about span{color:var(--soft);font-size:.875rem}
.icon{flex:none;display:grid;place-content:center;width:2.75rem;height:2.75rem;border-radius:.625rem;color:#fff;font-size:1.125rem;font-weight:600;object-fit:contain;overflow:hidden;white-space:nowrap}
h2{font-size:1rem;margin:1.5rem 0 .75rem}
.search{display:flex;flex-wrap:wrap;gap:.5rem .75rem;align-items:center;margin:0 0 1rem}
.search p{margin:0}.search p:empty{margin-left:-.75rem}
input[type=search]{flex:1 1 12rem;max-width:26rem;min-height:2.75rem;padding:.5rem .875rem;background:var(--card);color:var(--ink);border:1px solid var(--soft);border-radius:.5rem;font:inherit}
#keys{margin-top:2rem;font-size:.875rem}
kbd{padding:0 .375rem;border:1px solid var(--line);border-radius:.25rem;font:inherit}
[hidden]{display:none!important}
.fields{max-width:26rem}.fields label{display:block;margin-bottom:.25rem}
.fields input{width:100%;min-height:2.75rem;padding:.5rem .875rem;background:var(--card);color:var(--ink);border:1px solid var(--soft);border-radius:.5rem;font:inherit}
button,.button{display:inline-block;min-height:2.75rem;padding:.6rem 1.25rem;border:0;border-radius:.5rem;background:var(--accent);color:var(--on-accent);font:inherit;text-decoration:none;cursor:pointer}
.mark,.about .mark{color:var(--mark);font-weight:600;font-size:.875rem}
.quiet{background:none;color:var(--accent);border:1px solid var(--accent)}
.sign-ins{list-style:none;margin:0 0 1.5rem;padding:0;display:grid;gap:1rem}
.sign-ins li{display:flex;flex-wrap:wrap;gap:.75rem 1.5rem;align-items:center;justify-content:space-between;padding:1rem;background:var(--card);border:1px solid var(--line);border-radius:.75rem}
.sign-ins h2{margin:0}.sign-ins p{margin:.125rem 0 0;color:var(--soft);font-size:.875rem}
.actions{display:flex;flex-wrap:wrap;gap:.75rem 1.25rem;align-items:center}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem;padding:1rem;background:var(--card);border:1px solid var(--line);border-radius:.5rem}
dt{color:var(--soft)}dd{margin:0;font-family:ui-monospace,monospace;font-size:.875rem}
`.trim();
