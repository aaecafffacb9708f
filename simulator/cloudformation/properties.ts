// Refuses properties that a service does not simulate: what is ignored here could matter on AWS.
import type { ResourceRequest } from '../services.ts';

/** Throws `Error` that names every property beyond `names`. */
export const allowOnly = ({ properties }: Pick<ResourceRequest, 'properties'>, names: readonly string[]): void => {
  const unknown = Object.keys(properties).filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new Error(`the ${unknown.length > 1 ? 'properties' : 'property'} ${unknown.join(', ')} is not simulated`);
};
