// What the API Gateway family is given by the other services; see simulator/services.ts.
import type { Log } from '../../protocol/log.ts';
import type { V2Quotas } from '../apigatewayv2/quotas.ts';
import type { PublicServer } from '../public-server.ts';
import type { Clock, Endpoints, Faults, Iam, Lambda, Meter } from '../services.ts';
import type { RestQuotas } from './quotas.ts';

export interface GatewayContext {
  readonly iam: Iam;
  readonly lambda: Lambda;
  readonly meter: Meter;
  readonly faults: Faults;
  readonly clock: Clock;
  readonly endpoints: Endpoints;
  readonly quotas: { readonly apigateway: RestQuotas; readonly apigatewayv2: V2Quotas };
  readonly publicServer: PublicServer;
  readonly log: Log;
  /** From 0 (included) to 1 (excluded): decides the faults. */
  readonly random: () => number;
}
