// The control interface's view of execution environments: which there are, and how to stall or kill one.
import { SallyportError } from '../../protocol/errors.ts';
import type { ControlRoute } from '../control.ts';
import type { Environment, EnvironmentState } from './environment.ts';
import type { LambdaFunction } from './function.ts';

export interface EnvironmentDescription {
  readonly id: string;
  readonly function: string;
  readonly state: EnvironmentState;
  /** Stopped: between invocations in the faithful mode, or by a stall. */
  readonly frozen: boolean;
  /** Null in the quick mode. */
  readonly pid: number | null;
  readonly initMs: number;
  readonly invocations: number;
}

export const environmentRoutes = (functions: ReadonlyMap<string, LambdaFunction>): readonly ControlRoute[] => {
  const all = () => [...functions.values()].flatMap((owner) => owner.environments.map((environment) => ({ owner, environment })));
  const find = (id: string | undefined): Environment => {
    const found = all().find(({ environment }) => environment.id === id);
    if (!found)
      throw new SallyportError('ERR_REQUEST_INVALID', `There is no execution environment ${id}; GET /lambda/environments lists them.`);
    return found.environment;
  };

  return [
    {
      method: 'GET',
      path: '/lambda/environments',
      says: 'lists execution environments: function, state, initialisation time, invocations',
      handle: () => all().map(({ owner, environment }) => describe(owner, environment)),
    },
    {
      method: 'POST',
      path: '/lambda/environments/:id/freeze',
      says: 'stops an environment for {"ms": number}, whatever it does (faithful mode only)',
      handle: ({ params, body }) => {
        const ms = typeof body === 'object' && body !== null && 'ms' in body ? body.ms : undefined;
        if (typeof ms !== 'number' || !(ms > 0 && ms <= 3_600_000)) {
          throw new SallyportError('ERR_REQUEST_INVALID', 'The body must be {"ms": n} with n from 1 to 3600000.');
        }
        if (!find(params.id).freezeFor(ms)) {
          throw new SallyportError('ERR_REQUEST_INVALID', 'Only a running environment of the faithful mode can be stopped.');
        }
      },
    },
    {
      method: 'DELETE',
      path: '/lambda/environments/:id',
      says: 'kills an environment, as a crash would',
      handle: ({ params }) => find(params.id).kill(),
    },
  ];
};

const describe = ({ settings }: LambdaFunction, environment: Environment): EnvironmentDescription => ({
  id: environment.id,
  function: settings.name,
  state: environment.state,
  frozen: environment.frozen,
  pid: environment.pid,
  initMs: Math.round(environment.initMs * 10) / 10,
  invocations: environment.invocations,
});
