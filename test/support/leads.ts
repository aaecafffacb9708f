// Where an answer leads a browser: by its header fields, and by whatever in its page can be followed, sent or loaded.
import { Parser } from 'htmlparser2';

export interface LeadingAnswer {
  /** The address of the page itself. */
  readonly url: string;
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>;
  readonly body: string;
}

export interface Lead {
  readonly where: string;
  /** As browsers read it (WHATWG URL); null where they see no address. */
  readonly url: URL | null;
}

const FIELDS = new Set(['location', 'content-location', 'sallyport-sign-in']);
const ATTRIBUTES = ['href', 'action', 'formaction', 'src', 'data', 'ping', 'poster', 'srcset'];

export const leadsOf = ({ url, headers, body }: LeadingAnswer): Lead[] => {
  const found: Array<readonly [where: string, text: string]> = [];
  for (const [name, value] of headers) {
    const field = name.toLowerCase();
    if (FIELDS.has(field)) found.push([field, value]);
    if (field === 'refresh') found.push([field, refreshTarget(value)]);
    if (field === 'link') for (const [, target = ''] of value.matchAll(/<([^>]*)>/g)) found.push([field, target]);
  }
  if (headers.some(([name, value]) => name.toLowerCase() === 'content-type' && value.startsWith('text/html'))) {
    new Parser({
      onopentag: (name, attributes) => {
        for (const attribute of ATTRIBUTES)
          if (attributes[attribute] !== undefined) found.push([`${name} ${attribute}`, attributes[attribute]]);
        if (name === 'meta' && attributes['http-equiv']?.toLowerCase() === 'refresh')
          found.push(['meta refresh', refreshTarget(attributes.content ?? '')]);
      },
    }).end(body);
  }
  return found.map(([where, text]) => ({ where, url: URL.parse(text, url) }));
};

/** Of `0;url=…` (HTML, “shared declarative refresh steps”). */
const refreshTarget = (value: string): string => /^\s*[\d.]*\s*[;,]?\s*(?:url\s*=\s*)?(["']?)(.*)\1$/is.exec(value)?.[2] ?? '';
