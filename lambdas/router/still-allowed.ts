// Whether what was allowed to begin may still go on: asked of the tables themselves, as often as the session is (watch-caller.ts). A policy that
// has changed, a group that the user lost, hours that are over end it; that a sign-in grows old meanwhile does not.
import { isDeepStrictEqual } from 'node:util';
import { asSallyportError, ERRORS, SallyportError } from '../../protocol/errors.ts';
import type { ApplicationHere } from '../stores/records.ts';
import { authorise } from './authorise.ts';
import type { Caller } from './caller.ts';
import type { CanonicalRequest } from './canonical-request.ts';
import type { Clock, FreshDirectory } from './ports.ts';
import { resolve } from './resolve.ts';

interface Ports {
  readonly freshDirectory: FreshDirectory;
  readonly clock: Pick<Clock, 'now'>;
}

/** The answer is what ends it, or null. Throws when it cannot be known. */
export const createStillAllowed = (
  { freshDirectory, clock }: Ports,
  application: ApplicationHere,
  request: CanonicalRequest,
  caller: Caller | null,
): (() => Promise<SallyportError | null>) => {
  const begunAt = clock.now();

  return async () => {
    const user = caller === null ? null : await caller.userNow();
    if (caller !== null && user === null) return new SallyportError('ERR_SESSION_ENDED');
    const now = clock.now();
    const authenticatedAt = caller?.authenticatedAt == null ? null : caller.authenticatedAt + now - begunAt;
    try {
      const { application: known } = await resolve(freshDirectory, request);
      const byToken = caller !== null && caller.by !== 'browser';
      if (known.id !== application.id || (byToken && !isDeepStrictEqual(known.tokens, application.tokens)))
        return new SallyportError('ERR_ACCESS_DENIED', `What ${application.id} is published as has changed.`);
      const stepUp = await authorise(known, request, caller && { ...caller, user: user!, authenticatedAt }, now);
      return stepUp === null ? null : new SallyportError('ERR_STEP_UP_REQUIRED');
    } catch (thrown) {
      const error = asSallyportError(thrown);
      if (ERRORS[error.code].hop === 'user') return error;
      throw error;
    }
  };
};
