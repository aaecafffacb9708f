// The applications that speak SAML, and their addresses as browsers get there: a tenant file has neither the port nor the scheme of a
// deployment that runs on a laptop.
import { createExternalUrls } from '../../router/external-url.ts';
import type { Application, SamlSignOn } from '../../stores/records.ts';
import type { PortalPorts } from '../ports.ts';
import { refused } from './message.ts';

export interface SamlApplication extends Application {
  readonly singleSignOn: SamlSignOn & { readonly headers: Readonly<Record<string, string>> };
}

type Ports = Pick<PortalPorts, 'directory' | 'portalUrl'>;

/** Null where there is none. Throws ERR_STORE_UNAVAILABLE. */
export const samlApplication = async ({ directory }: Ports, id: string | null): Promise<SamlApplication | null> =>
  (await directory.applications()).filter(isSaml).find((application) => application.id === id) ?? null;

/** Throws ERR_REQUEST_INVALID where no application is called so. */
export const samlApplicationOf = async ({ directory }: Ports, entityId: string | null): Promise<SamlApplication> => {
  const found = (await directory.applications()).filter(isSaml).find(({ singleSignOn }) => singleSignOn.entityId === entityId);
  if (found) return found;
  throw refused('no application has its Issuer as singleSignOn.entityId');
};

const isSaml = (application: Application): application is SamlApplication => application.singleSignOn.method === 'saml';

/** An address of the tenant file as browsers know it. */
export const externalOf = ({ portalUrl }: Pick<PortalPorts, 'portalUrl'>, url: string): string => {
  const { hostname, pathname } = new URL(url);
  return createExternalUrls(portalUrl).origin(hostname) + pathname;
};
