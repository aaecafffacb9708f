// A request that the passes have let through, as the origin gets it, and what translates the answer to it.
import type { Application, ApplicationHere, User } from '../stores/records.ts';
import type { TokenOf } from './application-token.ts';
import type { AssertUser } from './assertion.ts';
import type { Caller } from './caller.ts';
import type { CanonicalRequest } from './canonical-request.ts';
import { cleanHeaders } from './clean-headers.ts';
import type { ExchangePlan } from './exchange-plan.ts';
import type { Passwords } from './passwords.ts';
import { type Introduction, introduce } from './single-sign-on.ts';
import { targetUrl } from './target-url.ts';
import { createExchangeTranslation, type ExchangeTranslation, type TranslationPorts } from './translation/exchange-translation.ts';

/** `user`: null where the application lets everyone pass; `told`: what it is told of the user. */
export const prepare = async (
  ports: TranslationPorts,
  request: CanonicalRequest,
  application: ApplicationHere,
  user: User | null,
  told: Introduction,
): Promise<{ readonly translation: ExchangeTranslation; readonly request: ExchangePlan['request'] }> => {
  const translation = createExchangeTranslation(ports, application, request);
  return {
    translation,
    request: {
      application: application.id,
      user: user?.username ?? null,
      method: request.method,
      url: targetUrl(application, request),
      headers: await translation.request(cleanHeaders(request, application, told.headers, ports.urls)),
      signOn: told.signOn,
      timeoutMs: application.timeoutMs,
      idleTimeoutMs: application.idleTimeoutMs,
      verifyCertificate: application.verifyCertificate,
      hasBody: request.hasBody,
    },
  };
};

export const NOTHING_TOLD: Introduction = { headers: [], signOn: undefined };

export interface TellPorts {
  readonly assertUser: AssertUser;
  readonly tokenOf: TokenOf;
  readonly passwords: Passwords;
}

/** What the application is told of who calls, and how they are signed in to it; nothing where it lets everyone pass. */
export const tellOf = async (
  { assertUser, tokenOf, passwords }: TellPorts,
  application: Application,
  caller: Caller | null,
  host: string,
): Promise<Introduction> => {
  if (caller === null) return NOTHING_TOLD;
  const { headers, signOn } = introduce(application, caller);
  return {
    headers: [...headers, ...(await assertUser(application, caller.user)), ...(await tokenOf(application, caller, host))],
    signOn: signOn ?? (await passwords.signOn(application, caller)),
  };
};
