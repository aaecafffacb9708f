// The test users of the simulator's identity provider. Their passwords are shown to whoever starts the simulator.

export interface TestUser {
  readonly username: string;
  readonly password: string;
  readonly name: string;
  readonly groups: readonly string[];
  readonly department: string;
  /** Whether the user gives a one-time code as well: always, when an application asks for it, or never. */
  readonly secondFactor: 'always' | 'on request' | 'never';
  /** The provider signs them in no more, and takes no token of theirs. */
  readonly disabled?: boolean;
}

export type UserChanges = Partial<Pick<TestUser, 'groups' | 'disabled'>>;

export const MAIL_DOMAIN = 'example.com';
/** Of the users' accounts on the private network. */
export const ON_PREMISES_DOMAIN = 'corp.example';

export const USERS: readonly TestUser[] = [
  {
    username: 'alice',
    password: 'wonderland',
    name: 'Alice Ashby',
    groups: ['staff', 'wiki-editors'],
    department: 'Engineering',
    secondFactor: 'always',
  },
  { username: 'bob', password: 'builder', name: 'Bob Börjesson', groups: ['staff'], department: 'Facilities', secondFactor: 'on request' },
  { username: 'carol', password: 'christmas', name: 'Carol Carter', groups: ['contractors'], department: '', secondFactor: 'never' },
  { username: 'dave', password: 'lonely', name: 'Dave Dietrich', groups: [], department: '', secondFactor: 'never' },
];

/** A test provider's second step: the code is on the page, since nobody has a telephone for it. */
export const oneTimeCode = (user: TestUser): string =>
  String([...user.username].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7) % 1_000_000).padStart(6, '0');
