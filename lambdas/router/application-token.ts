// The access token by which an application knows its user: the portal makes it, and it is kept here until shortly before it ends. Each is
// for one session (or one program's token), one host, one application with these very settings; the session is asked for with each
// request besides, so that a token does not outlive it.
import { SallyportError } from '../../protocol/errors.ts';
import type { HeaderList } from '../../protocol/frames.ts';
import { isFieldValue } from '../../protocol/headers.ts';
import { digest } from '../keys.ts';
import type { TokenAnswer, TokenAsk } from '../portal/application-token.ts';
import type { Application } from '../stores/records.ts';
import type { Caller } from './caller.ts';

/** Throws ERR_ACCESS_TOKEN_UNAVAILABLE. */
export type AskToken = (ask: TokenAsk) => Promise<TokenAnswer>;

/** The field with the token; none where the application wants none. Throws ERR_ACCESS_TOKEN_REFUSED and whatever the portal failed by. */
export type TokenOf = (
  application: Pick<Application, 'id' | 'singleSignOn'>,
  caller: Pick<Caller, 'user' | 'by' | 'handle' | 'token'>,
  host: string,
) => Promise<HeaderList>;

export interface TokenOfPorts {
  readonly ask: AskToken;
  readonly now: () => number;
}

/** A token is renewed before it ends: the request is still to reach the application. */
const ENDING_MS = 30_000;
/** So long a failure is not asked for again: a page makes many requests. */
const FAILURE_MS = 3_000;
const REMEMBERED_MAX = 2_000;
/** Servers refuse a header field somewhere above this. */
const TOKEN_MAX_BYTES = 7 * 1024;

interface Remembered {
  readonly answer: Promise<TokenAnswer>;
  /** Infinite while it is asked for. */
  until: number;
}

export const createTokenOf = ({ ask, now }: TokenOfPorts): TokenOf => {
  /** The oldest first. */
  const remembered = new Map<string, Remembered>();

  const find = (name: string, question: TokenAsk): Promise<TokenAnswer> => {
    const known = remembered.get(name);
    if (known !== undefined && now() < known.until) return known.answer;
    const answer = ask(question);
    const entry: Remembered = { answer, until: Number.POSITIVE_INFINITY };
    remembered.delete(name);
    remembered.set(name, entry);
    if (remembered.size > REMEMBERED_MAX) remembered.delete(remembered.keys().next().value!);
    answer.then(
      (given) => {
        entry.until = 'token' in given ? given.goodUntil - ENDING_MS : now() + FAILURE_MS;
      },
      () => {
        entry.until = now() + FAILURE_MS;
      },
    );
    return answer;
  };

  return async ({ id, singleSignOn }, { user, by, handle, token }, host) => {
    if (singleSignOn.method !== 'token') return [];
    const field = (value: string): HeaderList => [
      [singleSignOn.header, singleSignOn.header === 'Authorization' ? `Bearer ${value}` : value],
    ];
    if (by === 'service')
      throw new SallyportError('ERR_ACCESS_TOKEN_REFUSED', `A service token is no user of the provider’s: ${id} wants tokens of that.`);
    if (token !== null && singleSignOn.grant === 'own') return field(token);
    return field(await tokenFor());

    async function tokenFor(): Promise<string> {
      // Exactly as it was checked: another token of the same user may allow other things.
      const question: TokenAsk = {
        application: id,
        host,
        by: token === null ? { session: handle } : { token, issuer: user.issuer, subject: user.subject },
      };
      const answer = await find(digest(JSON.stringify([question, singleSignOn])), question);
      if ('token' in answer) return checked(answer.token, id);
      throw new SallyportError(answer.code, answer.message);
    }
  };
};

const checked = (token: string, application: string): string => {
  if (isFieldValue(token) && token.length <= TOKEN_MAX_BYTES) return token;
  throw new SallyportError(
    'ERR_ACCESS_TOKEN_REFUSED',
    `The token for ${application} has ${token.length} bytes of at most ${TOKEN_MAX_BYTES}, or is no header field’s value: have the provider put less into it.`,
  );
};
