// Third pass: whether the user may use the application. Names are compared exactly: folding case or Unicode has let strangers in.
import type { Access, User } from '../stores/records.ts';

export const mayUse = (access: Access, user: User): boolean =>
  access === 'everyone' || access.users.includes(user.username) || access.groups.some((group) => user.groups.includes(group));
