// `sallyport token create|list|rotate|revoke`: tokens with which programs use applications.
import type { ServiceTokenSecret } from '../../protocol/control.ts';
import type { ControlClient } from '../control-client.ts';

type Say = (line: string) => void;

export const createToken = async (client: ControlClient, name: string, applications: readonly string[], days: number, say: Say) =>
  show(await client.createToken(name, applications, days), say);

export const rotateToken = async (client: ControlClient, name: string, say: Say): Promise<void> => {
  show(await client.rotateToken(name), say);
  say('The one before goes on working for a day at most.');
};

export const listTokens = async (client: ControlClient, say: Say): Promise<void> => {
  const tokens = await client.tokens();
  if (tokens.length === 0) return say('There is no service token.');
  for (const { name, applications, createdAt, expiresAt, createdBy } of tokens) {
    say(`${name}: for ${applications.join(', ')}; made ${day(createdAt)} by ${createdBy}, good until ${day(expiresAt)}`);
  }
};

export const revokeToken = async (client: ControlClient, name: string, say: Say): Promise<void> => {
  await client.revokeToken(name);
  say(`The service token ${name} is revoked: it is refused everywhere within 10 seconds.`);
};

/** To standard output alone: a shell can redirect it into a file, and it never stands in an argument. */
const show = ({ name, token, expiresAt }: ServiceTokenSecret, say: Say): void => {
  say(`Service token ${name}, good until ${new Date(expiresAt).toISOString()}; it is shown this once:`);
  say('');
  say(`  ${token}`);
  say('');
};

const day = (at: number): string => new Date(at).toISOString().slice(0, 10);
