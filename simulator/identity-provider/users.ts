// The test users of the simulator's identity provider. Their passwords are shown to whoever starts the simulator.

export interface TestUser {
  readonly username: string;
  readonly password: string;
  readonly name: string;
  readonly groups: readonly string[];
  readonly department: string;
  /** True for users who also give a one-time code. */
  readonly multiFactor: boolean;
}

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
    multiFactor: true,
  },
  { username: 'bob', password: 'builder', name: 'Bob Börjesson', groups: ['staff'], department: 'Facilities', multiFactor: false },
  { username: 'carol', password: 'christmas', name: 'Carol Carter', groups: ['contractors'], department: '', multiFactor: false },
  { username: 'dave', password: 'lonely', name: 'Dave Dietrich', groups: [], department: '', multiFactor: false },
];

/** A test provider's second step: the code is on the page, since nobody has a telephone for it. */
export const oneTimeCode = (user: TestUser): string =>
  String([...user.username].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7) % 1_000_000).padStart(6, '0');
