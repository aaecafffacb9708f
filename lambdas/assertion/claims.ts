// What an assertion says of a user, in the layout of its format. Our own has what an OpenID provider would say; the others have what
// verifiers for those products read, and nothing that we could not know.
import { type ClaimsOf, fillValue, parseTemplate } from '../../tenants/claim-template.ts';
import { digest } from '../keys.ts';
import type { AssertionFormat, AssertionSignOn, User } from '../stores/records.ts';

export interface AssertedClaims {
  readonly iss: string;
  readonly aud: string | readonly string[];
  readonly sub: string;
  readonly [claim: string]: unknown;
}

interface Told {
  /** The portal's origin. */
  readonly portalUrl: string;
  readonly audience: string;
  readonly subject: string;
  readonly user: User;
  readonly further: Readonly<Record<string, unknown>>;
}

const LAYOUTS: Readonly<Record<AssertionFormat, (told: Told) => AssertedClaims>> = {
  sallyport: ({ portalUrl, audience, subject, user, further }) => ({
    iss: portalUrl,
    aud: audience,
    sub: subject,
    username: user.username,
    ...known({ name: user.name, email: user.email }),
    groups: user.groups,
    ...further,
  }),
  cloudflare: ({ portalUrl, audience, subject, user, further }) => ({
    iss: portalUrl,
    aud: [audience],
    sub: subject,
    type: 'app',
    ...known({ email: user.email }),
    ...(Object.keys(further).length > 0 && { custom: further }),
  }),
  // Since Pomerium 0.22 the issuer is the application's own host, too.
  pomerium: ({ audience, subject, user, further }) => ({
    iss: audience,
    aud: audience,
    sub: subject,
    user: subject,
    ...known({ name: user.name, email: user.email }),
    groups: user.groups,
    ...further,
  }),
  'google-iap': ({ audience, subject, user, further }) => ({
    iss: 'https://cloud.google.com/iap',
    aud: audience,
    sub: subject,
    ...known({ email: user.email, hd: user.email.split('@')[1] ?? '' }),
    ...further,
  }),
};

/** Everything but when. Throws ERR_IDENTITY_REFUSED for a claim that the rules of templates refuse. */
export const assertedClaims = (signOn: AssertionSignOn, user: User, portalUrl: string, claimsOf: ClaimsOf): AssertedClaims => {
  const further = Object.entries(signOn.claims).flatMap(([name, template]) => {
    const value = fillValue(parseTemplate(template), claimsOf);
    return value === null ? [] : [[name, value] as const];
  });
  return LAYOUTS[signOn.format]({
    portalUrl,
    audience: signOn.audience,
    subject: subjectOf(user),
    user,
    further: Object.fromEntries(further),
  });
};

/** A provider's subject says who it is only together with the provider: two of them may have one subject for two users. */
const subjectOf = ({ issuer, subject }: User): string => digest(JSON.stringify([issuer, subject]));

const known = (claims: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== ''));
