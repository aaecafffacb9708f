// Splits the URL that a request frame names without normalising it: the path goes to the origin byte for byte (DESIGN.md D10).
import { SallyportError } from '../protocol/errors.ts';

export interface OriginUrl {
  /** For the allowlist. Only scheme, host and port are read from it. */
  readonly url: URL;
  /** Scheme, host and port. */
  readonly origin: string;
  /** Path and query as they were written. */
  readonly path: string;
}

/** Throws ERR_REQUEST_INVALID for anything but scheme, host, port, path and query in plain printable characters. */
export const splitOriginUrl = (text: string): OriginUrl => {
  const match = /^(https?:\/\/[^/?#@\\\s]+)(\/[!-"$-~]*)$/.exec(text);
  if (!match || !URL.canParse(match[1]!)) {
    throw new SallyportError(
      'ERR_REQUEST_INVALID',
      'The URL at the origin must be http(s)://host[:port]/path, without user, fragment or blanks.',
    );
  }
  const url = new URL(match[1]!);
  return { url, origin: url.origin, path: match[2]! };
};
