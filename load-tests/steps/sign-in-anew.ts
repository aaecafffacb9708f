// A user without any cookie, who signs in through the identity provider's pages.
import { signInAt } from '../../simulator/sign-in.ts';
import { type Context, type Events, measured, setting } from './events.ts';

export const signInAnew = async (_: Context, events: Events): Promise<void> => {
  await measured(events, 'sign_in.time', async () => {
    await signInAt(`${setting('LOAD_TARGET')}/`, { username: setting('LOAD_USERNAME'), password: setting('LOAD_PASSWORD') });
    events.emit('counter', 'sign_in.done', 1);
  });
};
