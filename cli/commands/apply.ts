// `sallyport apply FILE`: applications and who may use them, without a deployment. Checked here first, so that nothing leaves in vain.
import { SallyportError } from '../../protocol/errors.ts';
import { readTenantFile } from '../../tenants/load.ts';
import { sharedHosts } from '../../tenants/shared-hosts.ts';
import { describeChanges, findChanges } from '../changes.ts';
import type { ControlClient } from '../control-client.ts';

export const apply = async (client: ControlClient, file: string, say: (line: string) => void): Promise<void> => {
  const { tenant, applications } = readTenantFile(file);
  const [status, before] = await Promise.all([client.status(), client.applications()]);
  if (status.tenant !== tenant.tenant || status.domain !== tenant.domain) {
    throw new SallyportError(
      'ERR_CONFIGURATION_INVALID',
      `${file} is for ${tenant.tenant} (${tenant.domain}), but this deployment is ${status.tenant} (${status.domain}). Nothing was changed. ` +
        'Check the file and the endpoint; a new domain needs a deployment.',
    );
  }

  for (const { host, applications: ids } of sharedHosts(tenant.applications))
    say(
      `Warning: ${ids.join(', ')} share ${host}. Browsers take them for one origin, so each can read and do everything in the others: docs/security.md.`,
    );

  const changes = describeChanges(findChanges(before, tenant.applications));
  if (changes.length === 0) {
    say('The applications are already as the file says.');
    return;
  }
  await client.apply(applications);
  for (const line of changes) say(line);
  say('');
  say('Applied: users see it within 10 seconds. Whatever else the file says takes effect with `npx cdk deploy`.');
};
