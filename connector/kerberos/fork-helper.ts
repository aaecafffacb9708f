// Starts the Kerberos helper's program as a process.
import { type ChildProcess, fork } from 'node:child_process';

/** With an environment, and nothing else of ours: KRB5CCNAME above all would be another user's credentials. */
export type StartHelper = (environment: Readonly<Record<string, string>>) => ChildProcess;

export const forkHelper =
  (program: string): StartHelper =>
  (environment) =>
    fork(program, [], { env: { ...environment }, execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
