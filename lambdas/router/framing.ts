// Which other sites may show an application in a frame: its `framedBy`. What we say of it goes for the application's answers and for ours.
import type { HeaderList } from '../../protocol/frames.ts';
import type { Application } from '../stores/records.ts';
import type { Answer } from './answer.ts';
import type { CanonicalRequest } from './canonical-request.ts';

type Framed = Pick<Application, 'framedBy'>;

const POLICY = 'content-security-policy';
const NOBODY = "frame-ancestors 'none'";

/** Whether the request loads a page into a frame, by the browser's word (Fetch Metadata), of an application that may be framed. */
export const isInFrame = ({ framedBy }: Framed, { headers }: Pick<CanonicalRequest, 'headers'>): boolean =>
  framedBy.length > 0 && ['iframe', 'frame'].includes(said(headers, 'sec-fetch-dest') ?? '');

/**
 * What `SameSite=Lax` would let a cookie go along with (RFC 6265bis §5.6.7.1). A frame's cookie cannot have it, and every other frame
 * below the same site could send forms and scripts' requests along with it (CSRF).
 */
export const isLax = ({ method, headers }: Pick<CanonicalRequest, 'method' | 'headers'>): boolean => {
  const site = said(headers, 'sec-fetch-site');
  if (site === 'same-origin' || site === 'same-site') return true;
  return (method === 'GET' || method === 'HEAD') && said(headers, 'sec-fetch-mode') === 'navigate' && site !== null;
};

/**
 * The application's answer. Of several policies all hold (CSP §8.1), and one with frame-ancestors goes before `X-Frame-Options`
 * (CSP §6.4.2.1): so exactly those sites may frame it, or fewer.
 */
export const withAncestors = (headers: HeaderList, { framedBy }: Framed): HeaderList => {
  if (framedBy.length === 0) return headers;
  const own = headers.filter(([name]) => name.toLowerCase() === POLICY).map(([, value]) => value);
  const others = headers.filter(([name]) => name.toLowerCase() !== POLICY);
  return [...others, ['Content-Security-Policy', [...own, ancestors(framedBy)].join(', ')]];
};

/** An answer of ours about the application: it can be seen where the application could. */
export const ownWithAncestors = (answer: Answer, application: Framed | null): Answer => {
  if (application === null || application.framedBy.length === 0) return answer;
  const headers = answer.headers
    .filter(([name]) => name.toLowerCase() !== 'x-frame-options')
    .map(
      ([name, value]) => [name, name.toLowerCase() === POLICY ? value.replace(NOBODY, ancestors(application.framedBy)) : value] as const,
    );
  return { ...answer, headers };
};

const ancestors = (framedBy: readonly string[]): string => `frame-ancestors 'self' ${framedBy.join(' ')}`;

/** The field's one value. */
const said = (headers: HeaderList, wanted: string): string | null => {
  const values = headers.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value.toLowerCase());
  return values.length === 1 ? values[0]! : null;
};
