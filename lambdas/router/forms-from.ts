// Forms of other sites that an application waits for (`formsFrom`): an identity provider's answer, the return from a payment. Browsers send our
// cookies along with none of them (SameSite=Lax), so the page that they get sends the form once more, from this very origin: then cookies come.
import { pathReadings } from '../../policy/path-readings.ts';
import type { Application } from '../stores/records.ts';
import type { CanonicalRequest } from './canonical-request.ts';
import { methodOverrides } from './method-overrides.ts';

/** Whether a page of `origin`, as browsers say it, may send forms to `path`. In no reading may the path be another one. */
export const takesFormOf = ({ formsFrom, path: base }: Pick<Application, 'formsFrom' | 'path'>, path: string, origin: string): boolean =>
  formsFrom.some(({ path: taken, origins }) => {
    const whole = base + taken.slice(1);
    return path === whole && origins.includes(origin) && [...pathReadings(path)].every((reading) => reading === `${whole.toLowerCase()}/`);
  });

/** Whether the request is such a form, from another origin. Our own portal may send one to any application: it answers those that speak SAML so. */
export const isFormFromElsewhere = (
  application: Pick<Application, 'formsFrom' | 'path'>,
  { path, query, headers }: CanonicalRequest,
  portal: string,
): boolean => {
  // Sent again it is this origin's own, which may ask for any method: so it must not ask for another now.
  if (methodOverrides(headers, query, path).some((method) => method !== 'POST')) return false;
  const said = (wanted: string) => headers.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value);
  const [origin, ...further] = said('origin');
  if (origin === undefined || further.length > 0 || said('sec-fetch-site').includes('same-origin')) return false;
  return origin === portal || takesFormOf(application, path, origin);
};
