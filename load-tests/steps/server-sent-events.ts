// A user who stays on a page of server-sent events, and leaves it.
import { request } from 'undici';
import { type Context, type Events, setting } from './events.ts';

const EVENTS = 15;
/** The site's own pace. */
const INTERVAL_MS = 1000;

export const watchEvents = async (_: Context, events: Events): Promise<void> => {
  const leaving = new AbortController();
  const openedAt = performance.now();
  const { statusCode, body } = await request(`${setting('LOAD_TARGET')}/events`, {
    headers: { cookie: setting('LOAD_COOKIE'), accept: 'text/event-stream' },
    signal: leaving.signal,
  });
  if (statusCode !== 200) throw new Error(`status ${statusCode}`);
  let received = 0;
  let firstAt = 0;
  let text = '';
  for await (const part of body) {
    text += part;
    for (let end = text.indexOf('\n\n'); end >= 0 && received < EVENTS; end = text.indexOf('\n\n')) {
      text = text.slice(end + 2);
      const now = performance.now();
      if (received === 0) {
        firstAt = now;
        events.emit('histogram', 'events.first', now - openedAt);
      } else events.emit('histogram', 'events.late', Math.max(0, now - firstAt - received * INTERVAL_MS));
      received += 1;
    }
    if (received === EVENTS) break;
  }
  leaving.abort();
  events.emit('counter', 'events.received', received);
  if (received < EVENTS) throw new Error(`the stream ended after ${received} events`);
};
