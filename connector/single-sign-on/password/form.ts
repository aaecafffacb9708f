// Sign-in by the application's own page. Each user's session has a jar of cookies of its own here, which no other session can reach;
// the browser gets none of them. Who is not signed in yet, or no more, is signed in before the request goes on.
import { SallyportError } from '../../../protocol/errors.ts';
import type { PasswordSignOn, SignInForm } from '../../../protocol/sign-on.ts';
import { type Clock, pause } from '../../clock.ts';
import type { CallOrigin, OriginAnswer, OriginCall } from '../../ports.ts';
import type { Attempt } from '../sign-on.ts';
import { CookieJar } from './cookie-jar.ts';
import { leadsToSignIn, signInByForm } from './form-exchange.ts';
import { Recent } from './recent.ts';
import type { Refusals } from './refusals.ts';
import { type FieldNames, findSignInForm } from './sign-in-form.ts';
import { Trials } from './trials.ts';
import type { Credentials } from './vault.ts';

const VISITS_MAX = 2_000;
/** An application ends what is not used, too. */
const VISIT_IDLE_MS = 30 * 60_000;
const SIGN_IN_MS = 30_000;
/** After a sign-in that failed when the password had left: whether it was taken is not known. */
const PAUSE_MS = 60_000;
/** How long the beginning of a page is waited for, to look for a sign-in form in it; what comes later is not looked at. */
const LOOKING_MS = 2_000;
/** Of a page, in which a sign-in form is looked for. */
const LOOKED_AT_BYTES = 64 * 1024;

/** Of one session at one origin. */
interface Visit {
  jar: CookieJar;
  /** What becomes of the sign-in that is under way, or was. */
  signIn: Promise<FieldNames>;
  usedAt: number;
}

export interface FormPorts {
  readonly callOrigin: CallOrigin;
  readonly clock: Clock;
  readonly refusals: Refusals;
}

type SignInByForm = (
  request: OriginCall,
  name: string,
  credentials: Credentials,
  user: Pick<PasswordSignOn, 'session'> & { readonly form: SignInForm },
) => Promise<Attempt>;

export const formSignIn = ({ callOrigin, clock, refusals }: FormPorts): SignInByForm => {
  const visits = new Recent<string, Visit>(VISITS_MAX);
  /** Credentials that were taken once: others need not wait for what becomes of them. */
  const taken = new Recent<string, true>(VISITS_MAX);
  const trials = new Trials();
  const paused = new Recent<string, { readonly until: number; readonly failure: unknown }>(VISITS_MAX);

  return async (request, name, credentials, { session, form }) => {
    const key = JSON.stringify([name, session, request.origin]);

    const signIn = async (jar: CookieJar): Promise<FieldNames> => {
      const end = taken.get(name) ? () => undefined : await trials.next(name);
      // It is not one user's request that is waited for: others come by this sign-in, too.
      const late = new AbortController();
      const stop = clock.after(SIGN_IN_MS, () =>
        late.abort(new SallyportError('ERR_ORIGIN_TIMEOUT', `The sign-in at ${request.origin} took longer than ${SIGN_IN_MS} ms.`)),
      );
      let left = false;
      try {
        refusals.check(name);
        const before = paused.get(name);
        if (before !== undefined && clock.monotonic() < before.until) throw before.failure;
        const outcome = await signInByForm(callOrigin, { ...request, signal: late.signal }, form, jar, credentials, () => {
          left = true;
        });
        left = false;
        if ('refused' in outcome) throw refusals.note(name, `${request.origin}: ${outcome.refused}`);
        taken.set(name, true);
        return outcome.fields;
      } catch (failure) {
        if (left) paused.set(name, { until: clock.monotonic() + PAUSE_MS, failure });
        throw failure;
      } finally {
        stop();
        end();
      }
    };

    const begin = (): Visit => {
      const jar = new CookieJar(clock.now);
      const visit: Visit = { jar, signIn: signIn(jar), usedAt: clock.monotonic() };
      visits.set(key, visit);
      visit.signIn.catch(() => {
        if (visits.get(key) === visit) visits.delete(key);
      });
      return visit;
    };

    const known = visits.get(key);
    const visit = known !== undefined && clock.monotonic() - known.usedAt < VISIT_IDLE_MS ? known : begin();

    const attempt = async (at: Visit, first: boolean): Promise<Attempt> => {
      const fields = await at.signIn;
      at.usedAt = clock.monotonic();
      const asked = readable(request);
      return {
        request: { ...asked, headers: at.jar.fill(asked.headers, request.path) },
        abandon: () => undefined,
        answer: async (response) => {
          const answer = { ...response, headers: at.jar.take(response.headers, request.path) };
          const { out, shown } = await isSignedOut(request, answer, form, fields, clock);
          if (!out || !first) return shown;
          // Somebody else's request may have found it out before.
          const current = visits.get(key);
          return attempt(current === undefined || current === at ? begin() : current, false);
        },
      };
    };
    return attempt(visit, true);
  };
};

/** A page that is to be looked at comes as it is. */
const readable = (request: OriginCall): OriginCall =>
  request.headers.some(([name, value]) => name.toLowerCase() === 'accept' && /text\/html/i.test(value))
    ? { ...request, headers: request.headers.filter(([name]) => name.toLowerCase() !== 'accept-encoding') }
    : request;

interface LookedAt {
  readonly out: boolean;
  /** The answer, whole. */
  readonly shown: OriginAnswer;
}

const isSignedOut = async (
  request: OriginCall,
  answer: OriginAnswer,
  form: SignInForm,
  fields: FieldNames,
  clock: Clock,
): Promise<LookedAt> => {
  if (answer.status === 401 || leadsToSignIn(request, answer, form)) return { out: true, shown: answer };
  const field = (wanted: string) => answer.headers.find(([name]) => name.toLowerCase() === wanted)?.[1] ?? '';
  if (request.method === 'HEAD' || !/^text\/html\b/i.test(field('content-type')) || field('content-encoding') !== '') {
    return { out: false, shown: answer };
  }
  const { seen, body } = await peek(answer.body, clock);
  return { out: findSignInForm(seen.toString('latin1'), fields) !== null, shown: { ...answer, body } };
};

/** The beginning, and the body as if nobody had looked. */
const peek = async (
  body: AsyncIterable<Uint8Array>,
  clock: Clock,
): Promise<{ readonly seen: Buffer; readonly body: AsyncIterable<Uint8Array> }> => {
  const chunks: Uint8Array[] = [];
  const rest = body[Symbol.asyncIterator]();
  const limit = pause(clock, LOOKING_MS);
  let next = rest.next();
  for (let bytes = 0; bytes < LOOKED_AT_BYTES; ) {
    const read = await Promise.race([next, limit.over]);
    if (!read || read.done) break;
    chunks.push(read.value);
    bytes += read.value.length;
    next = rest.next();
    // Its reader tells of a failure.
    next.catch(() => undefined);
  }
  limit.cancel();
  async function* whole(): AsyncGenerator<Uint8Array> {
    try {
      yield* chunks;
      for (let read = await next; !read.done; read = await rest.next()) yield read.value;
    } finally {
      await rest.return?.();
    }
  }
  return { seen: Buffer.concat(chunks), body: whole() };
};
