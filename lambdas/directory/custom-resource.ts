// CloudFormation's custom resources: makes the directory hold the tenant file's applications, and the secret its signing keys. Always
// answers, since CloudFormation waits for an answer to the end. A deleted stack leaves both as they are.
import { asSallyportError, SallyportError } from '../../protocol/errors.ts';
import type { Log } from '../../protocol/log.ts';
import { unpackApplications } from '../../tenants/packed-applications.ts';
import type { Application, Directory } from '../stores/records.ts';
import { keepSigningKeys, type SecretStore } from './signing-keys.ts';

export interface CustomResourceEvent {
  readonly RequestType: 'Create' | 'Update' | 'Delete';
  readonly ResponseURL: string;
  readonly StackId: string;
  readonly RequestId: string;
  readonly LogicalResourceId: string;
  readonly ResourceType: string;
  readonly ResourceProperties: { readonly Applications?: string; readonly SigningKeys?: readonly string[] };
}

export interface CustomResourcePorts {
  readonly directory: Pick<Directory, 'replace'>;
  /** Holds the keys that sign for SAML applications. */
  readonly signingKeys: SecretStore;
  readonly now: () => number;
  readonly fetch: typeof fetch;
  readonly log: Log;
}

/** Milliseconds that are kept for the answer when the work takes too long. */
const ANSWER_RESERVE_MS = 10_000;
const ANSWER_TIMEOUT_MS = 5_000;
const ANSWER_ATTEMPTS = 2;
/** CloudFormation takes 4,096 bytes in all. */
const REASON_MAX_CHARACTERS = 1_000;
/** One each for the whole life of the stack: another one would make CloudFormation delete the first. */
const APPLICATIONS = { physicalId: 'applications', entity: { type: 'Directory', name: 'applications' } };
const SIGNING_KEYS = { physicalId: 'signing-keys', entity: { type: 'Secret', name: 'signing keys' } };
const isOfKeys = ({ ResourceType }: CustomResourceEvent): boolean => ResourceType === 'Custom::SallyportSigningKeys';

export const createCustomResource =
  (ports: CustomResourcePorts) =>
  async (event: CustomResourceEvent, { getRemainingTimeInMillis }: { getRemainingTimeInMillis(): number }): Promise<void> => {
    const { RequestType: request, StackId, RequestId, LogicalResourceId, ResponseURL } = event;
    const log = ports.log.with({ request, requestId: RequestId });
    let failure: string | undefined;
    try {
      if (request !== 'Delete')
        await within(
          getRemainingTimeInMillis() - ANSWER_RESERVE_MS,
          isOfKeys(event) ? writeKeys(event, ports, log) : write(event, ports, log),
        );
    } catch (thrown) {
      const error = asSallyportError(thrown);
      log.error('directory.failed', { error });
      failure = `${error.code}: ${error.message}`.slice(0, REASON_MAX_CHARACTERS);
    }
    const { physicalId } = isOfKeys(event) ? SIGNING_KEYS : APPLICATIONS;
    const answer = { StackId, RequestId, LogicalResourceId, PhysicalResourceId: physicalId };
    await put(ResponseURL, failure === undefined ? { ...answer, Status: 'SUCCESS' } : { ...answer, Status: 'FAILED', Reason: failure }, {
      ...ports,
      log,
    });
  };

const write = async ({ ResourceProperties, StackId }: CustomResourceEvent, { directory }: CustomResourcePorts, log: Log): Promise<void> => {
  const { written, removed } = await directory.replace(readApplications(ResourceProperties.Applications));
  const { entity } = APPLICATIONS;
  log.info('directory.replaced', {
    ...{ written, removed, administrator: StackId },
    audit: { kind: 'configuration', change: 'update', entity, details: { written, removed } },
  });
};

const writeKeys = async (
  { ResourceProperties, StackId }: CustomResourceEvent,
  { signingKeys, now }: CustomResourcePorts,
  log: Log,
): Promise<void> => {
  const { SigningKeys: names } = ResourceProperties;
  if (!Array.isArray(names) || names.length === 0)
    throw new SallyportError('ERR_CONFIGURATION_INVALID', 'The property SigningKeys is not a list of names. Synthesise the stack again.');
  const created = await keepSigningKeys(names, signingKeys, now());
  const { entity } = SIGNING_KEYS;
  log.info('directory.signing-keys', {
    ...{ names, created, administrator: StackId },
    audit: { kind: 'configuration', change: 'update', entity, details: { names, created } },
  });
};

/** What lib/ synthesised from a validated tenant file. */
const readApplications = (text: string | undefined): readonly Application[] => {
  try {
    const applications = unpackApplications(text ?? '');
    if (Array.isArray(applications)) return applications;
  } catch (error) {
    throw new SallyportError(
      'ERR_CONFIGURATION_INVALID',
      'The property Applications is neither JSON nor packed JSON. Synthesise the stack again.',
      {
        cause: error,
      },
    );
  }
  throw new SallyportError('ERR_CONFIGURATION_INVALID', 'The property Applications is not a list. Synthesise the stack again.');
};

const within = async (ms: number, work: Promise<void>): Promise<void> => {
  const deadline = AbortSignal.timeout(Math.max(ms, 0));
  const late = new Promise<never>((_, reject) => {
    deadline.addEventListener('abort', () =>
      reject(new SallyportError('ERR_STORE_UNAVAILABLE', 'The directory took too long to be written. Deploy again.')),
    );
  });
  await Promise.race([work, late]);
};

/** Never throws: a function that failed here would be run again for the same request, to the same end. */
const put = async (url: string, answer: object, { fetch, log }: CustomResourcePorts): Promise<void> => {
  for (let attempt = 1; attempt <= ANSWER_ATTEMPTS; attempt += 1) {
    try {
      // The address is signed without a content type: one that is sent would break the signature.
      const body = new Blob([JSON.stringify(answer)]);
      const response = await fetch(url, { method: 'PUT', body, signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
      if (response.ok) return;
      log.error('directory.unanswered', { attempt, status: response.status });
    } catch (error) {
      log.error('directory.unanswered', { attempt, error });
    }
  }
};
