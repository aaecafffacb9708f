// What the control API answers, as far as this command reads it. Times are milliseconds since the epoch.
import { z } from 'zod';

export const enrolmentCode = z.object({
  /** `https://<portal host>/connectors/enrol#<secret>`: shown once, stored nowhere. */
  code: z.string().min(1),
  group: z.string(),
  expiresAt: z.number(),
});

export const replacement = z.object({ written: z.array(z.string()), removed: z.array(z.string()) });

export const connectorRemoval = z.object({ connector: z.string(), name: z.string(), group: z.string() });

export const status = z.object({
  tenant: z.string(),
  domain: z.string(),
  portal: z.string(),
  connectors: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      group: z.string(),
      version: z.string(),
      seenAt: z.number(),
      tunnels: z.array(z.object({ openedAt: z.number(), seenAt: z.number(), draining: z.boolean() })),
    }),
  ),
  groups: z.array(z.object({ name: z.string(), connectors: z.number(), liveTunnels: z.number() })),
  applications: z.array(z.object({ id: z.string(), name: z.string(), externalUrl: z.string(), group: z.string(), reachable: z.boolean() })),
});

export type EnrolmentCode = z.output<typeof enrolmentCode>;
export type Replacement = z.output<typeof replacement>;
export type ConnectorRemoval = z.output<typeof connectorRemoval>;
export type Status = z.output<typeof status>;
