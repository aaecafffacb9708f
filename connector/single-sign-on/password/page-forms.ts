// The forms of a page and what is in them, read in one go: a page is its application's, and may be made to be read for ever.
import { Parser } from 'htmlparser2';

export interface PageForm {
  readonly attributes: Attributes;
  readonly controls: readonly Control[];
}

export interface Control {
  readonly tag: string;
  readonly attributes: Attributes;
  readonly options: readonly Option[];
  /** Of a text area. */
  readonly text: string;
}

export interface Option {
  readonly attributes: Attributes;
  readonly text: string;
}

export type Attributes = Readonly<Record<string, string>>;

/** Chromium nests elements no deeper. Nothing further is read of a page that does: what an element takes the parser grows with its depth. */
const DEPTH_MAX = 512;
const CONTROLS: ReadonlySet<string> = new Set(['input', 'select', 'textarea', 'button']);

/** Whose text is read on. */
class Read {
  readonly tag: string;
  readonly attributes: Attributes;
  readonly options: Read[] = [];
  readonly #parts: string[] = [];

  constructor(tag: string, attributes: Attributes) {
    this.tag = tag;
    this.attributes = attributes;
  }

  get text(): string {
    return this.#parts.join('');
  }

  add(text: string): void {
    this.#parts.push(text);
  }
}

interface Form extends PageForm {
  readonly controls: Read[];
}

/** In the order of the page; `base`: what its addresses refer to, null: the page itself. */
export const readForms = (page: string): { readonly base: string | null; readonly forms: readonly PageForm[] } => {
  const forms: Form[] = [];
  const controls: Array<{ readonly control: Read; readonly within: Form | null }> = [];
  /** What controls belong to (HTML §13.2.4.4): it may go on behind its element, whose parent has ended. */
  let form: Form | null = null;
  /** Elements of forms that have not ended; null: of one within another, which is none. */
  const open: Array<Form | null> = [];
  let select: Read | null = null;
  let reading: Read | null = null;
  let base: string | null = null;
  let depth = 0;

  const parser = new Parser({
    onopentag: (tag, attributes) => {
      depth += 1;
      if (depth > DEPTH_MAX) parser.pause();
      if (tag === 'base') base ??= attributes.href ?? null;
      if (tag === 'form') {
        const begins = form === null || !open.includes(form);
        if (begins) {
          form = { attributes, controls: [] };
          forms.push(form);
        }
        open.push(begins ? form : null);
      } else if (CONTROLS.has(tag)) {
        const control = new Read(tag, attributes);
        controls.push({ control, within: form });
        if (tag === 'select') select = control;
        if (tag === 'textarea') reading = control;
      } else if (tag === 'option' && select !== null) {
        reading = new Read(tag, attributes);
        select.options.push(reading);
      }
    },
    ontext: (text) => reading?.add(text),
    onclosetag: (tag, implied) => {
      depth -= 1;
      if (tag === 'form') {
        open.pop();
        if (!implied) form = null;
      }
      if (tag === 'select') select = null;
      if (tag === reading?.tag) reading = null;
    },
  });
  parser.write(page);
  if (depth <= DEPTH_MAX) parser.end();

  const byId = new Map(forms.toReversed().map((known) => [known.attributes.id, known]));
  for (const { control, within } of controls) {
    const { form: id } = control.attributes;
    const owner = id === undefined ? within : byId.get(id);
    owner?.controls.push(control);
  }
  return { base, forms };
};
