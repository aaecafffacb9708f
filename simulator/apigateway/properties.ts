// Reads a resource's properties. What the simulator does not know is refused, so that no part of a template is ignored in silence.
import { z } from 'zod';
import { AwsError, type ResourceRequest } from '../services.ts';

/** CloudFormation hands parameters on as text. */
export const flag = z.preprocess((value) => (value === 'true' ? true : value === 'false' ? false : value), z.boolean());
export const whole = z.coerce.number().int();
/** Describes the resource to people only. */
export const remark = z.unknown().optional();

/** The properties as the schema says. Throws AwsError ValidationException that names every fault. */
export const readProperties = <Shape>(schema: z.ZodType<Shape>, { type, logicalId, properties }: ResourceRequest): Shape => {
  const result = schema.safeParse(properties);
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) => [issue.path.join('.'), issue.message].filter((part) => part !== '').join(': '));
  throw new AwsError(400, 'ValidationException', `${logicalId} (${type}) is not what the simulator knows: ${faults.join('; ')}.`);
};

/** What a table holds under an id that another resource refers to. */
export const found = <Value>(value: Value | undefined, what: string, id: string): Value => {
  if (value === undefined) throw new AwsError(404, 'NotFoundException', `Invalid ${what} identifier specified: ${id}`);
  return value;
};

/** What a record itself holds under a name that came from outside (`constructor` is no stage). */
export const own = <Value>(record: Readonly<Record<string, Value>>, name: string): Value | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined;
