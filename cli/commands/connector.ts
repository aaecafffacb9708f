// `sallyport connector enroll --group G` and `sallyport connector remove ID`.
import { addressesOf } from '../../tenants/address-list.ts';
import type { ControlClient } from '../control-client.ts';

export const enroll = async (client: ControlClient, group: string, say: (line: string) => void): Promise<void> => {
  const [{ code, expiresAt }, applications] = await Promise.all([client.issueCode(group), client.applications()]);
  const ofGroup = applications.filter(({ connectorGroup }) => connectorGroup === group);
  const origins = [...new Set(ofGroup.flatMap(addressesOf).map(({ internalUrl }) => new URL(internalUrl).origin))].sort();
  const allowed = (origins.length > 0 ? origins : ['ORIGIN']).map((origin) => `--allow ${quoted(origin)}`);
  const flags = ['--enrolment-code-file -', ...allowed].join(' ');

  say(`Enrolment code for one connector of group ${group}, good until ${new Date(expiresAt).toISOString()}:`);
  say('');
  say(`  ${code}`);
  say('');
  say('Start the connector inside your network with one of these, paste the code and end with Ctrl-D, so that it stays out of the');
  say('command line and its history. --allow names each origin that the connector may call:');
  say('');
  say(`  docker run --interactive --volume sallyport:/var/lib/sallyport sallyport-connector ${flags}`);
  say(`  node connector.mjs ${flags}`);
  if (ofGroup.length > 0) return;
  say('');
  say(`No application uses group ${group} yet: name it as connectorGroup in the tenant file, and allow the origins then.`);
};

/** Shells expand an asterisk. */
const quoted = (origin: string): string => (origin.includes('*') ? `'${origin}'` : origin);

export const remove = async (client: ControlClient, id: string, say: (line: string) => void): Promise<void> => {
  const { name, group, tunnelsLeftOpen } = await client.removeConnector(id);
  const connector = `Connector ${id} (${name}, group ${group})`;
  if (tunnelsLeftOpen === 0) return say(`${connector} is removed: its tunnels are closed, and it cannot dial again.`);
  say(`${connector} is removed, and it cannot dial again.`);
  say(`But ${tunnelsLeftOpen} of its tunnels could not be closed: they get no new exchange after 10 seconds, and end within two hours.`);
};
