// Part 5: whether an exchange costs the same whatever there is beside it, how connectors come back together, how many applications fit, and
// what the quotas of one account let through.
import { type AccountLimit, accountLimit } from './account.ts';
import { type ApplicationLimits, measureApplications } from './applications.ts';
import { measureExchanges, type ScalePoint } from './exchanges.ts';
import { type Storm, simulateStorm } from './reconnects.ts';

const CONNECTORS = [100, 1_000, 10_000];

export interface Scale {
  readonly exchanges: readonly ScalePoint[];
  readonly storms: readonly Storm[];
  readonly applications: ApplicationLimits;
  readonly account: readonly AccountLimit[];
}

export const measureScale = async (): Promise<Scale> => ({
  exchanges: await measureExchanges(),
  storms: [...CONNECTORS.map((connectors) => simulateStorm(connectors)), simulateStorm(CONNECTORS.at(-1)!, { jitter: false })],
  applications: await measureApplications(),
  account: CONNECTORS.map(accountLimit),
});
