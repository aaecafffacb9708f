// Which applications need a user name and a password of the user's own.
import type { Application } from '../stores/records.ts';

export type PasswordApplication = Application & { readonly singleSignOn: { readonly method: 'password' } };

export const takesCredentials = (application: Application): application is PasswordApplication => {
  const { singleSignOn } = application;
  return singleSignOn.method === 'password' && singleSignOn.credentials === 'user';
};
