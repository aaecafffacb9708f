// The TCP links over which a connection is posted to: control resets them, or lets the posts for a connection die in silence.
import type { Socket } from 'node:net';

export class PostLinks {
  /** Each open link, and which connections it was used for. */
  readonly #open = new Map<Socket, Set<string>>();
  readonly #silenced = new Set<string>();

  /** A post for the connection came over this link. */
  note(connectionId: string, socket: Socket): void {
    const known = this.#open.get(socket);
    if (known) {
      known.add(connectionId);
      return;
    }
    this.#open.set(socket, new Set([connectionId]));
    socket.once('close', () => this.#open.delete(socket));
  }

  /** Resets every link that the connection was posted to over, in use or idle. Answers how many. */
  kill(connectionId: string): number {
    const sockets = [...this.#open].filter(([, connections]) => connections.has(connectionId)).map(([socket]) => socket);
    for (const socket of sockets) {
      try {
        socket.resetAndDestroy();
      } catch {
        // A TLS socket cannot be reset by itself.
        socket.destroy();
      }
    }
    return sockets.length;
  }

  silence(connectionId: string): void {
    this.#silenced.add(connectionId);
  }

  restore(connectionId: string): void {
    this.#silenced.delete(connectionId);
  }

  isSilenced(connectionId: string): boolean {
    return this.#silenced.has(connectionId);
  }

  get silenced(): readonly string[] {
    return [...this.#silenced];
  }
}
