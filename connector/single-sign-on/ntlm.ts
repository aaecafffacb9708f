// NTLM, and Negotiate without delegation: the user's program signs in itself, and the application remembers it for the connection. So each
// session has one connection of its own, which nobody else ever speaks on, and what belongs to one handshake follows on it undisturbed.
import type { HeaderList } from '../../protocol/frames.ts';
import type { NtlmSignOn } from '../../protocol/sign-on.ts';
import { type Clock, withResolvers } from '../clock.ts';
import type { OriginAnswer } from '../ports.ts';
import type { Method } from './sign-on.ts';

/** A handshake is three messages: on two connections they would be halves of two. */
const CONNECTIONS = 1;
const IDLE_MS = 120_000;
/** How long the program may take to answer a challenge; afterwards others have their turn. */
const HANDSHAKE_MS = 10_000;
const SIGNATURE = Buffer.from('NTLMSSP\0');
/** NEGOTIATE_MESSAGE begins a handshake ([MS-NLMP] §2.2.1.1). */
const BEGINS = 1;

export const ntlmMethod = (clock: Pick<Clock, 'after'>): Method<NtlmSignOn> => {
  const turns = new Turns();
  /** By connection: the turn that is kept for the answer to a challenge. */
  const challenged = new Map<string, () => void>();

  /** The turn goes on with the next message of the handshake, or ends with its time. */
  const keep = (connection: string, end: () => void): void => {
    const stop = clock.after(HANDSHAKE_MS, () => take(connection)?.());
    challenged.set(connection, () => {
      stop();
      end();
    });
  };
  const take = (connection: string): (() => void) | undefined => {
    const end = challenged.get(connection);
    challenged.delete(connection);
    return end;
  };

  return {
    prepare: async (request, { connection }) => {
      const message = messageIn(request.headers, 'authorization');
      const end = (message !== null && !begins(message) ? take(connection) : undefined) ?? (await turns.next(connection));
      return {
        request: { ...request, connection: { of: JSON.stringify(['ntlm', connection]), limit: CONNECTIONS, idleMs: IDLE_MS } },
        abandon: end,
        answer: async (response) => {
          if (isChallenge(response)) keep(connection, end);
          else end();
          return response;
        },
      };
    },
  };
};

/** Whose turn it is on each connection, in the order in which they came. */
class Turns {
  readonly #last = new Map<string, Promise<void>>();

  /** Resolves when it is the caller's turn, with what ends it. */
  async next(connection: string): Promise<() => void> {
    const before = this.#last.get(connection);
    const { promise, resolve } = withResolvers<void>();
    this.#last.set(connection, promise);
    void promise.then(() => {
      if (this.#last.get(connection) === promise) this.#last.delete(connection);
    });
    await before;
    return () => resolve();
  }
}

const isChallenge = ({ status, headers }: OriginAnswer): boolean => status === 401 && messageIn(headers, 'www-authenticate') !== null;

/** What the field says beside the scheme; null where there is nothing of the kind. */
const messageIn = (headers: HeaderList, name: string): Buffer | null => {
  for (const [known, value] of headers) {
    const [, message] = known.toLowerCase() === name ? (/^\s*(?:NTLM|Negotiate)\s+([A-Za-z0-9+/]+={0,2})\s*$/i.exec(value) ?? []) : [];
    if (message !== undefined) return Buffer.from(message, 'base64');
  }
  return null;
};

/** Negotiate wraps the same message in SPNEGO. */
const begins = (message: Buffer): boolean => {
  const at = message.indexOf(SIGNATURE);
  return at >= 0 && message[at + SIGNATURE.length] === BEGINS;
};
