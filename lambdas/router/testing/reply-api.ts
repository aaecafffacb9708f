// A Reply API in memory: router sockets dial it, connectors post to it.
import type { Dial, LinkEvents } from '../reply-socket.ts';

export interface FakeReplyApi {
  readonly dial: Dial;
  /** URLs dialled. */
  readonly dialled: string[];
  /** Connections that live now, oldest first. */
  readonly connections: () => string[];
  /** Messages that routers sent. */
  readonly heard: string[];
  /** As a connector posts. */
  post(connectionId: string, text: string): 'posted' | 'gone';
  /** Closes the connection so that its router is told. */
  close(connectionId: string): void;
  /** Cuts the connection without a word: posts to it seem to arrive. */
  mute(connectionId: string): void;
  /** Refuses every further dial. */
  refuse: boolean;
}

export const createReplyApi = (): FakeReplyApi => {
  const open = new Map<string, LinkEvents>();
  const muted = new Set<string>();
  const heard: string[] = [];
  const dialled: string[] = [];
  let next = 1;
  const api: FakeReplyApi = {
    dialled,
    heard,
    refuse: false,
    connections: () => [...open.keys()],
    dial: (url, events) => {
      dialled.push(url);
      const id = `reply-${next++}=`;
      setImmediate(() => {
        if (api.refuse) return events.closed('Unexpected server response: 401');
        open.set(id, events);
        events.opened();
      });
      return {
        send: (text) => {
          heard.push(text);
          if (open.has(id) && !muted.has(id)) setImmediate(() => events.message(JSON.stringify({ type: 'you-are', connectionId: id })));
        },
        terminate: () => open.delete(id),
      };
    },
    post: (connectionId, text) => {
      if (muted.has(connectionId)) return 'posted';
      const events = open.get(connectionId);
      if (!events) return 'gone';
      setImmediate(() => events.message(text));
      return 'posted';
    },
    close: (connectionId) => {
      const events = open.get(connectionId);
      open.delete(connectionId);
      events?.closed('closed with 1001');
    },
    mute: (connectionId) => muted.add(connectionId),
  };
  return api;
};
