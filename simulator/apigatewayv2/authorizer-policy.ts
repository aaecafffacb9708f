// The IAM policy that a Lambda authorizer answers. "Output from an API Gateway Lambda authorizer" (Developer Guide).
import { z } from 'zod';

const list = z.union([z.string().transform((one) => [one]), z.array(z.string())]);
const scalar = z.union([z.string(), z.number(), z.boolean()]);

export const policyAnswer = z.object({
  principalId: z.string().min(1),
  policyDocument: z.object({
    Version: z.string().optional(),
    Statement: z.array(z.object({ Effect: z.enum(['Allow', 'Deny']), Action: list, Resource: list })).min(1),
  }),
  context: z.record(z.string(), scalar).nullish(),
  usageIdentifierKey: z.string().nullish(),
});

export type PolicyAnswer = z.infer<typeof policyAnswer>;

/** Whether the policy allows to invoke this route: a Deny outweighs every Allow, and without an Allow nothing is. */
export const allows = ({ policyDocument }: PolicyAnswer, resource: string): boolean => {
  const effects = policyDocument.Statement.filter(
    (statement) =>
      statement.Action.some((action) => like(action, 'execute-api:Invoke', 'i')) && statement.Resource.some((one) => like(one, resource)),
  ).map(({ Effect }) => Effect);
  return effects.includes('Allow') && !effects.includes('Deny');
};

/** "You can't set a JSON object or array as a valid value of any key in the context map"; all others arrive as text. */
export const stringified = (context: PolicyAnswer['context']): Record<string, string> =>
  Object.fromEntries(Object.entries(context ?? {}).map(([name, value]) => [name, String(value)]));

const like = (pattern: string, text: string, flags = ''): boolean => {
  const expression = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${expression}$`, `s${flags}`).test(text);
};
