// Which route of a WebSocket API a message takes. "WebSocket selection expressions in API Gateway" (Developer Guide).
import { AwsError } from '../services.ts';

/** Throws AwsError BadRequestException when an expression reads anything but the message's body. */
export const checkSelectionExpression = (expression: string): void => {
  const rest = expression.replace(/\$\{request\.body(\.\w+)+\}/g, '').replace(/^\$request\.body(\.\w+)+$/, '');
  if (rest.includes('$') || rest === expression) {
    throw new AwsError(
      400,
      'BadRequestException',
      `Invalid routeSelectionExpression: ${expression}. The simulator knows $request.body.<path>.`,
    );
  }
};

/** The route key that a message selects: a path that it lacks gives nothing, a message that is no JSON gives `$default`. */
export const selectRouteKey = (expression: string, message: string): string => {
  const body = parse(message);
  if (body === undefined) return '$default';
  return expression.replace(/\$\{request\.body\.([\w.]+)\}|\$request\.body\.([\w.]+)/g, (_all, braced?: string, bare?: string) =>
    stringify(valueAt(body, (braced ?? bare ?? '').split('.'))),
  );
};

const parse = (message: string): unknown => {
  try {
    const body: unknown = JSON.parse(message);
    return typeof body === 'object' && body !== null ? body : undefined;
  } catch {
    return undefined;
  }
};

const valueAt = (body: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (at, name) => (typeof at === 'object' && at !== null && Object.hasOwn(at, name) ? Reflect.get(at, name) : undefined),
    body,
  );

const stringify = (value: unknown): string => {
  if (value === undefined || value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
};
