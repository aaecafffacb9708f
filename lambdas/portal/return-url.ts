// Whether the address to return to after sign-in is one of ours: exactly spelt, on a host that has an application.
// A mistake here is an open redirect (reference: CWE-601), so whatever is not plainly good is refused.
import { SallyportError } from '../../protocol/errors.ts';
import type { Directory } from '../stores/records.ts';

/** It travels encrypted in the provider's address, which may not grow without end. */
const MAX_CHARACTERS = 4096;

/** The parsed URL. Throws ERR_REQUEST_INVALID. */
export const checkReturnUrl = async (
  directory: Pick<Directory, 'applicationsOn'>,
  portalUrl: string,
  text: string | null,
): Promise<URL> => {
  if (text === null) throw refused('it is missing, or there are two');
  if (text.length > MAX_CHARACTERS) throw refused(`it is longer than ${MAX_CHARACTERS} characters`);
  // Beyond these a URL's readers begin to differ: controls, spaces, backslashes, anything that is not ASCII.
  if (!/^[\x21-\x5b\x5d-\x7e]+$/.test(text)) throw refused('it has characters that do not belong in a URL');

  const url = URL.canParse(text) ? new URL(text) : null;
  const portal = new URL(portalUrl);
  if (url === null) throw refused('it is not an absolute URL');
  if (url.protocol !== portal.protocol || url.port !== portal.port) throw refused('its scheme or port is another than the portal’s');
  if (url.username !== '' || url.password !== '') throw refused('it has credentials');
  // The text must spell the origin as the parser does: no second reader can then find another host in it.
  if (text !== url.origin && !text.startsWith(`${url.origin}/`)) throw refused('its host is not spelt plainly');
  // Not `*`, which is how the directory spells a wildcard.
  if (!/^[a-z0-9.-]+$/.test(url.hostname)) throw refused('its host is no host name');
  // `//host` as a relative address would lead elsewhere, should anyone ever use it as one.
  if (url.pathname.startsWith('//')) throw refused('its path begins with two slashes');
  if (!(await hasApplication(directory, url.hostname))) throw refused('no application is published on its host');
  return url;
};

/** By its own name or by its parent's wildcard, which stands for one label: as the router resolves it. */
const hasApplication = async (directory: Pick<Directory, 'applicationsOn'>, host: string): Promise<boolean> => {
  if ((await directory.applicationsOn(host)).length > 0) return true;
  const parent = host.indexOf('.');
  return parent > 0 && (await directory.applicationsOn(`*${host.slice(parent)}`)).length > 0;
};

const refused = (why: string): SallyportError => new SallyportError('ERR_REQUEST_INVALID', `The address to return to is refused: ${why}.`);
