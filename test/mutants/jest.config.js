import whole from '../../jest.config.js';

const [{ displayName, testMatch, ...common }] = whole.projects;

export default {
  ...common,
  rootDir: '../..',
  testMatch: ['<rootDir>/**/*.test.ts'],
  testEnvironment: '<rootDir>/test/mutants/environment.js',
  transform: { '\\.ts$': '<rootDir>/test/mutants/transform.cjs' },
  testSequencer: '<rootDir>/test/mutants/sequencer.js',
  // What hangs is ended by the judge.
  testTimeout: 300_000,
  bail: 1,
  reporters: [],
};
