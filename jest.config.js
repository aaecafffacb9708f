// Unit tests stand beside the code; test/ holds what spans folders.
const common = {
  testEnvironment: '<rootDir>/test/runner/environment.js',
  setupFiles: ['<rootDir>/test/quiet.mjs'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/jest-transform.cjs' },
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/cdk.out'],
};

export default {
  // A suite with a world has its functions, connectors and browser beside it, on the same cores.
  maxWorkers: '50%',
  testTimeout: 30_000,
  projects: [
    {
      ...common,
      displayName: 'unit',
      testMatch: ['<rootDir>/{protocol,policy,lambdas,connector,cli,simulator,tenants,lib,bin,load-tests}/**/*.test.ts'],
    },
    { ...common, displayName: 'whole', testMatch: ['<rootDir>/test/**/*.test.ts'] },
  ],
};
