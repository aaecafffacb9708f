// Whose end is the end of WebSockets: no function runs while one is open, so nobody else would notice. A user who may go on comes back at once, with
// another connection for the same WebSocket; a router decides on that anew.
import { isDeepStrictEqual } from 'node:util';
import type { CloseConnection } from '../close-connection.ts';
import type { ServiceToken, Sessions } from './records.ts';
import type { OpenSocket, OpenSockets } from './sockets.ts';

/** A connection that cannot be closed just now is none for long: whoever may not come back for another loses it. */
const closeAll = async (ended: readonly OpenSocket[], close: CloseConnection): Promise<void> => {
  await Promise.allSettled(ended.map(({ connectionId }) => close(connectionId)));
};

/** Sessions whose end, or whose user's change, ends the connections that hang on them. */
export const endingSockets = (sessions: Sessions, sockets: Pick<OpenSockets, 'take'>, close: CloseConnection): Sessions => {
  const revoke = async (id: string): Promise<void> => {
    const session = await sessions.find(id);
    await sessions.revoke(id);
    const parent = session?.parent ?? id;
    await closeAll(await sockets.take(parent, parent === id ? null : id), close);
    if (session?.previous !== undefined) await revoke(session.previous);
  };
  const refresh: Sessions['refresh'] = async (session, user, ...kept) => {
    await sessions.refresh(session, user, ...kept);
    if (!isDeepStrictEqual(user, session.user)) await closeAll(await sockets.take(session.id, null), close);
  };
  return { ...sessions, revoke, refresh };
};

/** What the directory calls when applications are other ones than before, or are no more. */
export const endingAt =
  (sockets: Pick<OpenSockets, 'takeAt'>, close: CloseConnection) =>
  async (applications: readonly string[]): Promise<void> => {
    const ended = await Promise.all(applications.map((application) => sockets.takeAt(application)));
    await closeAll(ended.flat(), close);
  };

/** What is called when service tokens are revoked. */
export const endingWith =
  (sockets: Pick<OpenSockets, 'takeAt'>, close: CloseConnection) =>
  async (tokens: readonly ServiceToken[]): Promise<void> => {
    const ended = await Promise.all(
      tokens.flatMap(({ id, applications }) => applications.map((application) => sockets.takeAt(application, id))),
    );
    await closeAll(ended.flat(), close);
  };
