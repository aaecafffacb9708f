// Answers API Gateway whether a tunnel may be opened: an IAM policy for `$connect`, with who the connector is as context.
import { asSallyportError } from '../../protocol/errors.ts';
import type { Log } from '../../protocol/log.ts';
import { type DialPorts, verifyDial } from './verify-dial.ts';

export interface AuthorizerEvent {
  /** `arn:aws:execute-api:<region>:<account>:<api>/<stage>/$connect` */
  readonly methodArn: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly requestContext?: { readonly connectionId?: string; readonly identity?: { readonly sourceIp?: string } };
}

export interface AuthorizerAnswer {
  readonly principalId: string;
  readonly policyDocument: {
    readonly Version: '2012-10-17';
    readonly Statement: readonly [{ readonly Action: 'execute-api:Invoke'; readonly Effect: 'Allow' | 'Deny'; readonly Resource: string }];
  };
  readonly context?: Readonly<Record<string, string>>;
}

/** API Gateway answers 401 to exactly this message, and 500 to any other error. */
const UNAUTHORIZED = 'Unauthorized';

export const createAuthorizeDial =
  ({ log, ...ports }: DialPorts & { readonly log: Log }) =>
  async (event: AuthorizerEvent): Promise<AuthorizerAnswer> => {
    try {
      const { connector, dial } = await verifyDial(authorizationOf(event), ports);
      const context = { connector: connector.id, group: connector.group, dial: dial.id, dialExpiresAt: String(dial.expiresAt) };
      return { ...policy(connector.id, 'Allow', event.methodArn), context };
    } catch (failure) {
      const error = asSallyportError(failure);
      const { connectionId, identity } = event.requestContext ?? {};
      log.warn('tunnel.dial-refused', { connectionId, address: identity?.sourceIp, error, audit: { kind: 'dial', user: null } });
      if (error.code === 'ERR_CONNECTOR_UNKNOWN') return policy('unknown', 'Deny', event.methodArn);
      if (error.code === 'ERR_SIGN_IN_REQUIRED' || error.code === 'ERR_CONNECTOR_CLOCK') throw new Error(UNAUTHORIZED);
      throw error;
    }
  };

/** Two of them are as good as none. */
const authorizationOf = ({ headers = {} }: AuthorizerEvent): string | undefined => {
  const found = Object.entries(headers).filter(([name]) => name.toLowerCase() === 'authorization');
  return found.length === 1 ? found[0]![1] : undefined;
};

const policy = (principalId: string, effect: 'Allow' | 'Deny', resource: string): AuthorizerAnswer => ({
  principalId,
  policyDocument: { Version: '2012-10-17', Statement: [{ Action: 'execute-api:Invoke', Effect: effect, Resource: resource }] },
});
