// What stops a deployment: always with the place in the template, always before anything half-done goes unnoticed.
import { SallyportError } from '../../protocol/errors.ts';

/** ERR_CONFIGURATION_INVALID: `<stack>: <place>: <what is wrong>`. */
export const deploymentFault = (place: string, cause: unknown): SallyportError => {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new SallyportError(
    'ERR_CONFIGURATION_INVALID',
    `The template cannot be deployed here: ${place}: ${message.replace(/\.?$/, '.')}`,
    cause instanceof Error ? { cause } : undefined,
  );
};
