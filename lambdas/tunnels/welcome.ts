// Seals what a connector needs to work: its frame key, credentials for the Reply API, the applications of its group.
// Sealed to the connector's own key (JWE), so that neither API Gateway nor a log of it can read any of this.
import { CompactEncrypt, importJWK } from 'jose';
import { SallyportError } from '../../protocol/errors.ts';
import { CLIENT_FRAME_MAX_BYTES } from '../../protocol/limits.ts';
import type { WelcomeApplication, WelcomeSecrets } from '../../protocol/tunnel-messages.ts';
import { addressesOf } from '../../tenants/address-list.ts';
import type { Application, Connector } from '../stores/records.ts';

/** What may be sealed so that the whole welcome stays one frame: base64url makes 4 of 3, the envelope takes a little. */
const SECRETS_MAX_BYTES = Math.floor(((CLIENT_FRAME_MAX_BYTES - 1024) * 3) / 4);

/** As many applications as fit, with every internal URL that they have; `left` URLs do not. */
export const fitApplications = (
  secrets: Omit<WelcomeSecrets, 'applications'>,
  applications: readonly Application[],
): { readonly secrets: WelcomeSecrets; readonly left: number } => {
  const urls = applications.flatMap((application) =>
    [...new Set(addressesOf(application).map(({ internalUrl }) => internalUrl))].map(
      (internalUrl): WelcomeApplication => ({
        name: application.name,
        internalUrl,
        kerberos: internalUrl === application.internalUrl ? kerberosOf(application) : undefined,
        verifyCertificate: application.verifyCertificate === false ? false : undefined,
      }),
    ),
  );
  let room = SECRETS_MAX_BYTES - Buffer.byteLength(JSON.stringify({ ...secrets, applications: [] }));
  const fitting: WelcomeApplication[] = [];
  for (const url of urls) {
    room -= Buffer.byteLength(JSON.stringify(url)) + 1;
    if (room < 0) break;
    fitting.push(url);
  }
  return { secrets: { ...secrets, applications: fitting }, left: urls.length - fitting.length };
};

const kerberosOf = ({ id, singleSignOn }: Application): WelcomeApplication['kerberos'] =>
  singleSignOn.method === 'kerberos' ? { id, service: singleSignOn.servicePrincipalName } : undefined;

/** A compact JWE. Throws ERR_INTERNAL when the connector's registered key cannot be used. */
export const seal = async (secrets: WelcomeSecrets, connector: Pick<Connector, 'id' | 'sealingKey'>): Promise<string> => {
  try {
    const key = await importJWK(connector.sealingKey, 'ECDH-ES');
    return await new CompactEncrypt(new TextEncoder().encode(JSON.stringify(secrets)))
      .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM' })
      .encrypt(key);
  } catch (error) {
    throw new SallyportError('ERR_INTERNAL', `Nothing can be sealed to the key of connector ${connector.id}: enrol it again.`, {
      cause: error,
    });
  }
};
