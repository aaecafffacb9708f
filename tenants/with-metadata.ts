// `metadata` of a SAML provider or application: a file beside the tenant file, so that a change of it is reviewed as one of the tenant
// file is. It is read here, into the settings that it stands for; what is written beside it goes before.
import { readFileSync, statSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import { isMap, type LocatedFault, type Path, pathText, shown } from './faults.ts';
import { METADATA_MAX_BYTES, type Metadata, MetadataFault, readMetadata } from './saml-metadata.ts';

export interface WithMetadata {
  readonly value: unknown;
  readonly faults: readonly LocatedFault[];
}

/** The parsed file with the settings in place of `metadata`. */
export const withMetadata = (value: unknown, folder: string): WithMetadata => {
  if (!isMap(value)) return { value, faults: [] };
  const faults: LocatedFault[] = [];
  const expand = (settings: unknown, at: Path, role: 'provider' | 'application'): unknown => {
    if (!isMap(settings) || settings.metadata === undefined) return settings;
    const { metadata, ...written } = settings;
    const place = [...at, 'metadata'];
    try {
      return { ...ofRole(readFile(metadata, folder), role), ...written };
    } catch (error) {
      if (!(error instanceof MetadataFault)) throw error;
      const { expected, got } = error;
      faults.push({
        at: place,
        path: pathText(place),
        expected,
        got,
        advice: 'Fetch it with `npx sallyport metadata`, or write out what it says.',
      });
      return settings;
    }
  };
  const providers = mapList(value.identityProviders, (provider, index) =>
    isMap(provider) && provider.protocol === 'saml' ? expand(provider, ['identityProviders', index], 'provider') : provider,
  );
  const applications = mapList(value.applications, (application, index) =>
    isMap(application) && isMap(application.singleSignOn) && application.singleSignOn.method === 'saml'
      ? { ...application, singleSignOn: expand(application.singleSignOn, ['applications', index, 'singleSignOn'], 'application') }
      : application,
  );
  return {
    value: {
      ...value,
      ...(value.identityProviders === undefined ? {} : { identityProviders: providers }),
      ...(value.applications === undefined ? {} : { applications }),
    },
    faults,
  };
};

const mapList = (value: unknown, map: (entry: unknown, index: number) => unknown): unknown =>
  Array.isArray(value) ? value.map(map) : value;

const ofRole = ({ provider, application }: Metadata, role: 'provider' | 'application') => {
  const found = role === 'provider' ? provider : application;
  if (found !== null) return found;
  throw role === 'provider'
    ? new MetadataFault('metadata of an identity provider (IDPSSODescriptor)', application === null ? 'none' : 'those of an application')
    : new MetadataFault('metadata of a service provider (SPSSODescriptor)', provider === null ? 'none' : 'those of an identity provider');
};

const readFile = (name: unknown, folder: string): Metadata => {
  const file = resolve(folder, String(name));
  const found = typeof name === 'string' && file.startsWith(resolve(folder) + sep) ? statSync(file, { throwIfNoEntry: false }) : undefined;
  if (!found?.isFile()) throw new MetadataFault('the path of a file below the folder of this file', shown(name));
  if (found.size > METADATA_MAX_BYTES) throw new MetadataFault(`a file of ${METADATA_MAX_BYTES} bytes at most`, `${found.size} bytes`);
  return readMetadata(readFileSync(file));
};
