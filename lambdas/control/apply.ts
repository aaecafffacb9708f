// `PUT /control/applications`: everything is checked before anything is written; what fails while it is written is taken back.
import type { Applied } from '../../protocol/control.ts';
import { asSallyportError, SallyportError } from '../../protocol/errors.ts';
import type { Log } from '../../protocol/log.ts';
import { parseApplications } from '../../tenants/schema.ts';
import type { Application, Directory } from '../stores/records.ts';

export interface ApplyPorts {
  readonly directory: Pick<Directory, 'applications' | 'replace'>;
  readonly domain: string;
  /** The claims that headers may carry, as deployed. */
  readonly claims: readonly string[];
  /** As deployed. */
  readonly alternateHosts: readonly string[];
  readonly portalUrl: string;
}

/** Throws ConfigurationError, or what the directory throws. */
export const applyApplications = async (
  raw: unknown,
  { directory, domain, claims, alternateHosts, portalUrl }: ApplyPorts,
  log: Log,
): Promise<Applied> => {
  const portalHost = new URL(portalUrl).hostname;
  const applications = parseApplications(raw, 'The request', { domain, claims, alternateHosts, portalHost });
  // What cannot be read (an item that someone altered) is what applying repairs; it can only not be taken back to.
  const before = await directory.applications().catch((error: unknown) => {
    log.warn('control.not-readable', { error });
    return null;
  });
  try {
    return await directory.replace(applications);
  } catch (failure) {
    const error = asSallyportError(failure);
    const restored = before !== null && (await restore(before, directory, log));
    const state = restored ? 'The applications are as they were.' : 'Some applications are new, some old.';
    throw new SallyportError(error.code, `${error.message} ${state} Apply again.`, { cause: error });
  }
};

const restore = async (before: readonly Application[], directory: Pick<Directory, 'replace'>, log: Log): Promise<boolean> => {
  try {
    await directory.replace(before);
    return true;
  } catch (error) {
    log.error('control.not-restored', { error });
    return false;
  }
};
