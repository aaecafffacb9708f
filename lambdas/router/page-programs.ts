// Whether a page runs scripts, as far as it has come: told by the same tokenizer as where its head begins. Where that reads something
// otherwise than browsers do, a page is taken for one that does.
import { Tokenizer } from 'htmlparser2';

export interface Programs {
  readonly run: boolean;
  /** Its root element has ended. */
  readonly ended: boolean;
}

/** What stands in a `<noscript>` is text where scripts run, and a frame's document has scripts of its own. */
const RUNS: ReadonlySet<string> = new Set(['script', 'noscript']);

export const readPrograms = (page: string, xml: boolean): Programs => {
  // As in page-start.ts.
  const text = xml ? page : page.replaceAll('<![', '<! ');
  let run = false;
  let ended = false;
  let value = '';
  const nothing = (): void => undefined;
  const tokenizer = new Tokenizer(
    { xmlMode: xml, decodeEntities: true },
    {
      onopentagname: (start, end) => {
        ended = false;
        const name = text.slice(start, end).toLowerCase();
        run ||= RUNS.has(name.slice(name.indexOf(':') + 1));
      },
      onattribname: (start, end) => {
        const name = text.slice(start, end).toLowerCase();
        run ||= name.startsWith('on') || name === 'srcdoc';
        value = '';
      },
      onattribdata: (start, end) => {
        value += text.slice(start, end);
      },
      onattribentity: (character) => {
        value += String.fromCodePoint(character);
      },
      onattribend: () => {
        run ||= /^[\0-\x20]*javascript:/i.test(value.replaceAll(/[\t\n\r]/g, ''));
      },
      onclosetag: (start, end) => {
        // An end tag's attributes are not read: what follows may be within one.
        run ||= text[end] !== '>';
        ended = text.slice(start, end).toLowerCase() === 'html';
      },
      ondeclaration: (start, end) => {
        // A document type's own entities may hold anything.
        run ||= xml && text.slice(start, end).includes('[');
      },
      oncdata: nothing,
      oncomment: nothing,
      onend: nothing,
      onopentagend: nothing,
      onprocessinginstruction: nothing,
      onselfclosingtag: nothing,
      ontext: nothing,
      ontextentity: nothing,
    },
  );
  tokenizer.write(text);
  return { run, ended };
};
