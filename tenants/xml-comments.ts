/** One that does not end stays. Each is read once: a pattern that fails at the end would begin anew at every `<!--` before it. */
export const withoutComments = (xml: string): string =>
  xml.replaceAll(/<!--[\s\S]*?(?:-->|$)/g, (comment) => (comment.endsWith('-->') ? '' : comment));
