// The name that CloudFormation gives a resource whose template gives none: stack, logical id and twelve characters.
import { createHash } from 'node:crypto';
import type { ResourceRequest } from '../services.ts';

/**
 * The given name, or a made one of at most `max` characters.
 * Differs from AWS: the twelve characters are not of chance but follow from stack and logical id.
 */
export const physicalName = ({ stackName, logicalId }: ResourceRequest, given: unknown, max: number): string => {
  if (typeof given === 'string' && given !== '') {
    if (given.length > max) throw new Error(`the name ${given} has ${given.length} characters, AWS takes ${max}`);
    return given;
  }
  const chance = createHash('sha256').update(`${stackName}/${logicalId}`).digest('hex').slice(0, 12).toUpperCase();
  const room = max - chance.length - 2;
  const stack = stackName.slice(0, Math.max(1, room - Math.min(logicalId.length, Math.floor(room / 2))));
  return `${stack}-${logicalId.slice(0, room - stack.length)}-${chance}`;
};
