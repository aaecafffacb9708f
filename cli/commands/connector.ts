// `sallyport connector enroll --group G` and `sallyport connector remove ID`.
import type { ControlClient } from '../control-client.ts';

export const enroll = async (client: ControlClient, group: string, say: (line: string) => void): Promise<void> => {
  const [{ code, expiresAt }, status] = await Promise.all([client.issueCode(group), client.status()]);
  say(`Enrolment code for one connector of group ${group}, good until ${new Date(expiresAt).toISOString()}:`);
  say('');
  say(`  ${code}`);
  say('');
  say('Start the connector inside your network and type the code in, so that it stays out of the command line and its history:');
  say('');
  say('  docker run --interactive --volume sallyport:/state sallyport-connector --enrolment-code-file -');
  say('  node connector.mjs --enrolment-code-file -');
  if (status.applications.some((application) => application.group === group)) return;
  say('');
  say(`No application uses group ${group} yet: name it as connectorGroup in the tenant file.`);
};

export const remove = async (client: ControlClient, id: string, say: (line: string) => void): Promise<void> => {
  const { name, group } = await client.removeConnector(id);
  say(`Connector ${id} (${name}, group ${group}) is removed: it gets no new exchange after 10 seconds and cannot dial again.`);
};
