// HTML as a tagged template: every value is escaped unless it is itself Html. Attributes must be written in double quotes.
// The router's and the portal's pages are made with it, so that no page depends on its author's care.

const MARKUP = Symbol('markup');

/** Markup that is safe to send: only this file makes it. */
export interface Html {
  readonly [MARKUP]: string;
}

export type HtmlValue = string | number | Html | null | readonly HtmlValue[];

export const html = (literals: TemplateStringsArray, ...values: readonly HtmlValue[]): Html => ({
  [MARKUP]: literals.map((literal, index) => (index === 0 ? literal : toMarkup(values[index - 1] ?? null) + literal)).join(''),
});

/** A constant of our own as it stands. Never for anything that came from elsewhere. */
export const verbatim = (markup: string): Html => ({ [MARKUP]: markup });

export const markupOf = (value: Html): string => value[MARKUP];

const toMarkup = (value: HtmlValue): string => {
  if (value === null) return '';
  if (typeof value === 'string' || typeof value === 'number') return escaped(String(value));
  return isList(value) ? value.map(toMarkup).join('') : value[MARKUP];
};

const isList = (value: Html | readonly HtmlValue[]): value is readonly HtmlValue[] => Array.isArray(value);

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;', '`': '&#96;' };

const escaped = (text: string): string => text.replace(/[&<>"'`]/g, (character) => ENTITIES[character]!);
