// What the tests' own output is spared: warnings of packages that are right where they are used for good, and that no test is about.
const KNOWN = [
  // The provider of the tests keeps what it knows in memory, on whatever Node.js runs them.
  'oidc-provider WARNING: Unsupported runtime',
  'oidc-provider WARNING: a quick start development-only in-memory adapter',
];

const { warn } = console;
console.warn = (...values) => {
  if (!KNOWN.some((known) => String(values[0]).includes(known))) warn.apply(console, values);
};
