// `PUT /control/applications`: everything is checked before anything is written; what fails while it is written is taken back.
import type { Applied } from '../../protocol/control.ts';
import { parseApplications } from '../../tenants/schema.ts';
import type { Directory } from '../stores/records.ts';

export interface ApplyPorts {
  readonly directory: Pick<Directory, 'replace'>;
  readonly domain: string;
  /** The claims that headers may carry, as deployed. */
  readonly claims: readonly string[];
  /** As deployed. */
  readonly alternateHosts: readonly string[];
  /** Seconds that the CDN in front waits for a byte, as deployed; null: as long as we do. */
  readonly readTimeout: number | null;
  readonly portalUrl: string;
}

/** Throws ConfigurationError, or what the directory throws. */
export const applyApplications = async (
  raw: unknown,
  { directory, domain, claims, alternateHosts, readTimeout, portalUrl }: ApplyPorts,
): Promise<Applied> => {
  const portalHost = new URL(portalUrl).hostname;
  return directory.replace(parseApplications(raw, 'The request', { domain, claims, alternateHosts, readTimeout, portalHost }));
};
