// What the control interface offers of no single service: the bill, the faults, who was allowed what, and what was deployed.
import { SallyportError } from '../protocol/errors.ts';
import type { Deployment } from './cloudformation/deploy.ts';
import type { ControlRoute } from './control.ts';
import type { ChangeableFaults } from './faults.ts';
import { isRecord } from './iam/conditions.ts';
import type { IamService } from './iam/iam.ts';
import type { ReadableMeter } from './meter.ts';

export interface ControlRoutesDependencies {
  readonly meter: ReadableMeter;
  readonly faults: ChangeableFaults;
  readonly iam: Pick<IamService, 'statements' | 'denials' | 'suspend'>;
  /** Null while the stack is being deployed. */
  readonly deployment: () => Deployment | null;
}

export const controlRoutes = ({ meter, faults, iam, deployment }: ControlRoutesDependencies): readonly ControlRoute[] => {
  const deployed = (): Deployment => {
    const done = deployment();
    if (!done) throw new SallyportError('ERR_STORE_UNAVAILABLE', 'The stack is still being deployed: ask again in a moment.');
    return done;
  };

  return [
    { method: 'GET', path: '/meter', says: 'what AWS would bill: totals and lines', handle: () => meter.snapshot() },
    { method: 'DELETE', path: '/meter', says: 'sets the meter to zero', handle: () => meter.reset() },
    { method: 'GET', path: '/faults', says: 'the faults that are on', handle: () => faults.all() },
    {
      method: 'PUT',
      path: '/faults',
      says: 'changes the named faults, as JSON: {"drop": 0.01, "delay": 50}',
      handle: ({ body }) => {
        if (!isRecord(body)) throw new SallyportError('ERR_REQUEST_INVALID', 'The body must be an object: {"drop": 0.01}.');
        faults.set(body);
        return faults.all();
      },
    },
    {
      method: 'GET',
      path: '/iam/statements',
      says: 'every Allow statement of the template: how often it was needed, and what of it never',
      handle: () => iam.statements(),
    },
    {
      method: 'PUT',
      path: '/iam/statements/:id',
      says: 'takes {"suspended": true}: the statement allows nothing until false, to see what needs it; its id is percent-encoded',
      handle: ({ params, body }) => {
        const suspended = isRecord(body) ? body.suspended : undefined;
        if (typeof suspended !== 'boolean')
          throw new SallyportError('ERR_REQUEST_INVALID', 'The body must be {"suspended": true} or false.');
        iam.suspend(params.id ?? '', suspended);
      },
    },
    { method: 'GET', path: '/iam/denials', says: 'what IAM denied, oldest first', handle: () => iam.denials() },
    { method: 'GET', path: '/outputs', says: 'the outputs of the stack, with local addresses', handle: () => deployed().outputs },
    {
      method: 'GET',
      path: '/resources',
      says: 'what was created, by logical id',
      handle: () => Object.fromEntries([...deployed().resources].map(([logicalId, { type, ref }]) => [logicalId, { type, ref }])),
    },
    {
      method: 'PUT',
      path: '/resources/:logicalId',
      says: 'takes {"properties": {…}}: changes those of a custom resource, as a deployment with another template would',
      handle: ({ params: { logicalId = '' }, body }) => {
        const properties = isRecord(body) ? body.properties : undefined;
        if (!isRecord(properties)) throw new SallyportError('ERR_REQUEST_INVALID', 'The body must be {"properties": {…}}.');
        return deployed().update(logicalId, properties);
      },
    },
  ];
};
