// Sessions whose end is the end of the WebSockets that hang on them: no function runs while one is open, so nobody else would notice.
import type { CloseConnection } from '../close-connection.ts';
import type { Sessions } from './records.ts';
import type { OpenSockets } from './sockets.ts';

export const endingSockets = (sessions: Sessions, sockets: Pick<OpenSockets, 'take'>, close: CloseConnection): Sessions => {
  const revoke = async (id: string): Promise<void> => {
    const session = await sessions.find(id);
    await sessions.revoke(id);
    const parent = session?.parent ?? id;
    const ended = await sockets.take(parent, parent === id ? null : id);
    // A connection that cannot be closed just now is none for long: the user cannot come back for another.
    await Promise.allSettled(ended.map(({ connectionId }) => close(connectionId)));
    if (session?.previous !== undefined) await revoke(session.previous);
  };
  return { ...sessions, revoke };
};
