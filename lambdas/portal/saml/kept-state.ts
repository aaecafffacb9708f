// A sign-in's sealed state while the browser is at a SAML provider. RelayState has 80 bytes at most (SAML 2.0 Bindings §3.4.3), and providers
// lose what is longer: so the browser keeps the state in a cookie, and RelayState says which.
import { digest } from '../../keys.ts';
import { clearCookie, readCookie, setCookie } from '../cookies.ts';
import type { PortalRequest } from '../request.ts';
import { SIGN_IN_LIFETIME_MS } from '../sign-in-state.ts';

const PREFIX = '__Host-sallyport-state-';
/** Sign-ins in other tabs; more would be more than API Gateway takes of headers. */
const OTHERS_MAX = 2;

const nameFor = (relayState: string): string => PREFIX + relayState.slice(0, 16);

/** Browsers send the oldest first. */
export const keepState = ({ cookies }: Pick<PortalRequest, 'cookies'>, sealed: string): string[] => {
  const others = cookies.filter((cookie) => cookie.startsWith(PREFIX)).map((cookie) => cookie.slice(0, cookie.indexOf('=')));
  const abandoned = others.slice(0, Math.max(0, others.length - OTHERS_MAX));
  return [...abandoned.map(clearCookie), setCookie(nameFor(digest(sealed)), sealed, SIGN_IN_LIFETIME_MS)];
};

/** Whether this browser began a sign-in lately. */
export const keepsState = ({ cookies }: Pick<PortalRequest, 'cookies'>): boolean => cookies.some((cookie) => cookie.startsWith(PREFIX));

/** Null when this browser keeps none of this name. */
export const keptState = (request: Pick<PortalRequest, 'cookies'>, relayState: string | null): string | null => {
  const sealed = relayState === null ? null : readCookie(request, nameFor(relayState));
  return sealed !== null && digest(sealed) === relayState ? sealed : null;
};
