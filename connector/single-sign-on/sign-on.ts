// Signing a user in to the application with each call: a method prepares the request and looks at the answer. The methods are the files
// beside this one; an application's `signOn` says which.
import { SallyportError } from '../../protocol/errors.ts';
import type { SignOn } from '../../protocol/sign-on.ts';
import type { CallOrigin, OriginAnswer, OriginCall } from '../ports.ts';

/** One way of signing users in. */
export interface Method<User extends SignOn = SignOn> {
  /** The request as the application is to get it, for this user. Rejects with a SallyportError. */
  prepare(request: OriginCall, user: User): Promise<Attempt>;
}

/** One request to the application. Exactly one of `answer` and `abandon` is called. */
export interface Attempt {
  readonly request: OriginCall;
  /** What the user gets of the answer, or the attempt that is to be made instead. Rejects with a SallyportError. */
  answer(response: OriginAnswer): Promise<OriginAnswer | Attempt>;
  /** There is no answer. */
  abandon(): void;
}

export type Methods = { readonly [Name in SignOn['method']]: Method<Extract<SignOn, { method: Name }>> };

/** Of an answer that is not passed on, so that its connection can be used again. */
const DRAIN_MAX_BYTES = 64 * 1024;

/** Calls origins as `callOrigin` does, and signs the user in where the call says how. */
export const signingOn =
  (callOrigin: CallOrigin, methods: Partial<Methods>): CallOrigin =>
  async (call) => {
    const { signOn } = call;
    if (signOn === undefined) return callOrigin(call);
    const method: Method | undefined = methods[signOn.method];
    if (method === undefined) throw new SallyportError('ERR_INTERNAL', `Nobody is signed in by ${signOn.method} here.`);
    let attempt = await method.prepare(call, signOn);
    for (;;) {
      const response = await callOrigin(attempt.request).catch((error: unknown) => {
        attempt.abandon();
        throw error;
      });
      let next: OriginAnswer | Attempt;
      try {
        next = await attempt.answer(response);
      } catch (error) {
        await drain(response.body);
        throw error;
      }
      if ('status' in next) return next;
      await drain(response.body);
      attempt = next;
    }
  };

const drain = async (body: AsyncIterable<Uint8Array>): Promise<void> => {
  let bytes = 0;
  try {
    for await (const chunk of body) {
      bytes += chunk.length;
      if (bytes > DRAIN_MAX_BYTES) return;
    }
  } catch {
    // It broke off, which is as good as an end here.
  }
};
