// What the Open Cybersecurity Schema Framework 1.8.0 requires of the classes that we use, from its published definitions
// (https://github.com/ocsf/ocsf-schema: events/base_event.json, events/iam, events/network/http_activity.json,
// events/application/api_activity.json, objects/): required attributes, their enumerations, and "at least one of" constraints.
import { z } from 'zod';

const text = z.string().min(1);
const oneOf =
  (...names: readonly string[]) =>
  (value: object): boolean =>
    names.some((name) => (value as Record<string, unknown>)[name] !== undefined);
const among = (...values: readonly number[]) => z.number().refine((value) => values.includes(value));

const user = z
  .looseObject({ name: text.optional(), uid: text.optional(), type_id: among(0, 1, 2, 3, 4, 99).optional() })
  .refine(oneOf('account', 'name', 'uid'));
const actor = z.looseObject({ user: user.optional() }).refine(oneOf('process', 'user', 'iam_role', 'session', 'app_name', 'app_uid'));
const endpoint = z
  .looseObject({ ip: z.union([z.ipv4(), z.ipv6()]).optional() })
  .refine(oneOf('ip', 'uid', 'name', 'hostname', 'svc_name', 'domain'));
const named = z.looseObject({ name: text.optional(), uid: text.optional() }).refine(oneOf('name', 'uid'));

const base = z.looseObject({
  time: z.int().positive(),
  severity_id: among(0, 1, 2, 3, 4, 5, 6, 99),
  status_id: among(0, 1, 2, 99),
  status_code: text.optional(),
  status_detail: text.optional(),
  type_uid: z.int(),
  metadata: z.looseObject({
    version: z.literal('1.8.0'),
    product: z.looseObject({ name: text, vendor_name: text, feature: named }),
    profiles: z.array(z.enum(['host', 'security_control'])).optional(),
    tenant_uid: text.optional(),
    correlation_uid: text.optional(),
  }),
  src_endpoint: endpoint.optional(),
});

const eventOf = (category: number, uid: number, activities: readonly number[], attributes: z.ZodRawShape) =>
  base
    .extend({ category_uid: z.literal(category), class_uid: z.literal(uid), activity_id: among(...activities), ...attributes })
    .refine(({ type_uid, class_uid, activity_id }) => type_uid === Number(class_uid) * 100 + Number(activity_id), 'type_uid');

const upTo = (most: number) => [...Array.from({ length: most + 1 }, (_, id) => id), 99];

export const ocsfEvent = z.union([
  eventOf(3, 3002, upTo(7), {
    user,
    actor: actor.optional(),
    service: named,
    auth_protocol_id: among(...upTo(12)).optional(),
    is_mfa: z.boolean().optional(),
    is_remote: z.boolean(),
  }),
  eventOf(3, 3003, upTo(3), { user, privileges: z.array(text).min(1), dst_endpoint: endpoint.optional() }),
  eventOf(3, 3004, upTo(13), { entity: z.looseObject({ type: text }).refine(oneOf('name', 'uid')), actor: actor.optional() }),
  eventOf(4, 4002, upTo(40), {
    actor: actor.optional(),
    http_request: z.looseObject({
      http_method: text,
      url: z.looseObject({ path: text.optional() }).refine(oneOf('url_string', 'path')).optional(),
    }),
    http_response: z.looseObject({ code: z.int() }),
    dst_endpoint: endpoint.optional(),
    action_id: among(0, 1, 2, 3, 4, 99),
    disposition_id: among(...upTo(27)),
    policy: named.optional(),
  }),
  eventOf(6, 6003, upTo(4), { actor, api: z.looseObject({ operation: text }), src_endpoint: endpoint }),
]);
