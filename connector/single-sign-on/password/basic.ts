// HTTP Basic (RFC 7617). The password is sent where the application has asked for it: once a minute a request goes without, and the
// application's challenge and its answer afterwards show whether the credentials are good.
import type { HeaderList } from '../../../protocol/frames.ts';
import type { Clock } from '../../clock.ts';
import type { OriginAnswer, OriginCall } from '../../ports.ts';
import type { Attempt } from '../sign-on.ts';
import { Recent } from './recent.ts';
import type { Refusals } from './refusals.ts';
import { Trials } from './trials.ts';
import type { Credentials } from './vault.ts';

const PROVEN_MS = 60_000;
const REMEMBERED_MAX = 10_000;
/** Some servers answer 401 where a user who is known may not go: that alone is no wrong password. */
const UNPROVEN_REFUSALS_MAX = 3;

interface Proof {
  /** Monotonic. */
  readonly until: number;
  /** Answers of 401 since. */
  refusals: number;
}

/** `name`: of the credentials. */
export type SignInByBasic = (request: OriginCall, name: string, credentials: Credentials) => Promise<Attempt>;

export const basicSignIn = (clock: Pick<Clock, 'monotonic'>, refusals: Refusals): SignInByBasic => {
  const proofs = new Recent<string, Proof>(REMEMBERED_MAX);
  const trials = new Trials();
  const proofOf = (name: string): Proof | undefined => {
    const proof = proofs.get(name);
    return proof !== undefined && proof.until > clock.monotonic() ? proof : undefined;
  };

  return async (request, name, { username, password }) => {
    if (username.includes(':')) throw refusals.note(name, 'A user name with a colon cannot be sent by HTTP Basic.');
    const plain = { ...request, headers: without(request.headers, 'authorization') };
    const field = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    const signed: OriginCall = { ...plain, headers: [...plain.headers, ['Authorization', field]] };

    const proven = (proof: Proof): Attempt => ({
      request: signed,
      abandon: () => undefined,
      answer: async (response) => {
        if (!asks(response)) return response;
        proof.refusals += 1;
        if (proof.refusals >= UNPROVEN_REFUSALS_MAX) {
          proofs.delete(name);
          throw refusals.note(name, `${request.origin} took them before, and has refused them ${UNPROVEN_REFUSALS_MAX} times.`);
        }
        return withoutChallenge(response);
      },
    });

    /** `asked`: by the application, so that its taking them shows that they are good. */
    const trial = (end: () => void, asked: boolean): Attempt => ({
      request: signed,
      abandon: end,
      answer: async (response) => {
        try {
          const before = proofs.get(name);
          if (!asks(response)) {
            if (asked) proofs.set(name, { until: clock.monotonic() + PROVEN_MS, refusals: 0 });
            return response;
          }
          if (before === undefined || before.refusals + 1 >= UNPROVEN_REFUSALS_MAX) {
            proofs.delete(name);
            throw refusals.note(name, `${request.origin} answered 401 to them.`);
          }
          before.refusals += 1;
          return withoutChallenge(response);
        } finally {
          end();
        }
      },
    });

    const tried = async (asked: boolean): Promise<Attempt> => {
      const end = await trials.next(name);
      const proof = proofOf(name);
      if (proof === undefined) {
        try {
          refusals.check(name);
        } catch (error) {
          end();
          throw error;
        }
        return trial(end, asked);
      }
      end();
      return proven(proof);
    };

    const proof = proofOf(name);
    if (proof !== undefined) return proven(proof);
    // A long body may go only once.
    if (request.body !== null && !(request.body instanceof Uint8Array)) return tried(false);
    return {
      request: plain,
      abandon: () => undefined,
      answer: async (response) => (asks(response) ? tried(true) : response),
    };
  };
};

const asks = ({ status, headers }: OriginAnswer): boolean => status === 401 && headers.some(isChallenge);

const isChallenge = ([name, value]: HeaderList[number]): boolean =>
  name.toLowerCase() === 'www-authenticate' && /(?:^|,)\s*Basic(?=[\s,]|$)/i.test(value);

/** A browser would ask its user for a password, which is ours to know. */
const withoutChallenge = (response: OriginAnswer): OriginAnswer => ({
  ...response,
  headers: response.headers.filter((field) => !isChallenge(field)),
});

const without = (headers: HeaderList, name: string): HeaderList => headers.filter(([known]) => known.toLowerCase() !== name);
