// The formats of the signed assertion: ours, and those that verifiers for other products know. What is in each of them is in
// lambdas/assertion/claims.ts.
import type { Application, AssertionFormat } from '../lambdas/stores/records.ts';

/** The field that carries it, and how the fields begin in which that product tells of users besides. */
export const ASSERTION_FORMATS: Readonly<Record<AssertionFormat, { readonly header: string; readonly prefix: string }>> = {
  sallyport: { header: 'Sallyport-Assertion', prefix: 'Sallyport-' },
  cloudflare: { header: 'Cf-Access-Jwt-Assertion', prefix: 'Cf-Access-' },
  pomerium: { header: 'X-Pomerium-Jwt-Assertion', prefix: 'X-Pomerium-' },
  'google-iap': { header: 'X-Goog-Iap-Jwt-Assertion', prefix: 'X-Goog-' },
};

/** Where the tenant file names none. Pomerium tells the host alone. */
export const audienceOf = (format: unknown, { host, path }: Pick<Application, 'host' | 'path'>): string =>
  format === 'pomerium' ? host : `https://${host}${path}`;
