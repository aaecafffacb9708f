// Users' names and passwords for applications that know nothing better: opened here, and sent to no other origin than the one that the
// user's request goes to.
import type { PasswordSignOn } from '../../../protocol/sign-on.ts';
import type { Clock } from '../../clock.ts';
import type { CallOrigin } from '../../ports.ts';
import type { Method } from '../sign-on.ts';
import { basicSignIn } from './basic.ts';
import { formSignIn } from './form.ts';
import { Refusals } from './refusals.ts';
import { nameOf, type OpenCredentials } from './vault.ts';

export interface PasswordPorts {
  readonly open: OpenCredentials;
  readonly callOrigin: CallOrigin;
  readonly clock: Clock;
}

export const passwordMethod = ({ open, callOrigin, clock }: PasswordPorts): Method<PasswordSignOn> => {
  const refusals = new Refusals();
  const byBasic = basicSignIn(clock, refusals);
  const byForm = formSignIn({ callOrigin, clock, refusals });

  return {
    prepare: async (request, user) => {
      const credentials = await open(user);
      const name = nameOf(user.sealed);
      refusals.check(name);
      const { form } = user;
      return form === null ? byBasic(request, name, credentials) : byForm(request, name, credentials, { ...user, form });
    },
  };
};
