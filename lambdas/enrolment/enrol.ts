// `POST /connectors/enrol`: a one-time code and a public key become a connector. Whatever can be refused is refused before the
// code is taken, so a mistake does not use it up; from then on it is gone, whatever happens.
import { createHash } from 'node:crypto';
import type { EnrolmentAnswer, PublicKey } from '../../protocol/enrolment.ts';
import { asSallyportError, SallyportError } from '../../protocol/errors.ts';
import type { Log } from '../../protocol/log.ts';
import { answerJson, answerProblem, type HttpAnswer, type HttpEvent, readJson } from '../http-api.ts';
import type { SourceLimits } from '../limits/source-limits.ts';
import type { Registry } from '../stores/records.ts';
import { checkProof, type Enrolment, readEnrolment } from './read-enrolment.ts';

const BODY_MAX_BYTES = 16 * 1024;
const ID_NAME_CHARACTERS = 32;
const ID_DIGEST_CHARACTERS = 16;

export interface EnrolPorts {
  readonly registry: Pick<Registry, 'takeEnrolmentCode' | 'addConnector'>;
  readonly limits: SourceLimits;
  readonly tenant: string;
  readonly tunnelUrl: string;
  readonly now: () => number;
  readonly log: Log;
}

export const createEnrol =
  (ports: EnrolPorts) =>
  async (event: HttpEvent): Promise<HttpAnswer> => {
    const { requestId, http } = event.requestContext;
    const id = requestId.replaceAll('=', '');
    const log = ports.log.with({ requestId: id, address: http.sourceIp });
    try {
      const enrolment = readEnrolment(readJson(event, BODY_MAX_BYTES));
      return answerJson(201, await enrol(enrolment, { ...ports, log }));
    } catch (failure) {
      const refusal = asSallyportError(failure);
      const attempt = { address: http.sourceIp, method: http.method, path: http.path };
      const error = await ports.limits.refused(refusal, refusal.traits.status < 500 ? 'enrolment' : undefined, attempt, log);
      log.warn('enrolment.refused', {
        error,
        audit:
          error.code === 'ERR_RATE_LIMITED'
            ? undefined
            : { kind: 'enrolment', change: 'enroll', entity: { type: 'Connector', name: 'unknown' } },
      });
      // Unknown, used, expired or with a bad proof: a stranger learns no more than that.
      return answerProblem(error, {
        id,
        now: ports.now(),
        inFull: ({ code }) => code !== 'ERR_ENROLMENT_INVALID' && error.traits.status < 500,
      });
    }
  };

const enrol = async (enrolment: Enrolment, { registry, tenant, tunnelUrl, now, log }: EnrolPorts): Promise<EnrolmentAnswer> => {
  await checkProof(enrolment, now());
  const code = await registry.takeEnrolmentCode(enrolment.codeId);
  if (code === null) throw new SallyportError('ERR_ENROLMENT_INVALID');

  const { name, version, signingKey, sealingKey } = enrolment;
  const id = connectorId(name, signingKey);
  await registry.addConnector({
    id,
    name,
    group: code.group,
    signingKey: { ...signingKey },
    sealingKey: { ...sealingKey },
    enrolledAt: now(),
    version,
    seenAt: now(),
  });
  log.info('enrolment.accepted', {
    ...{ connector: id, name, group: code.group, version },
    audit: { kind: 'enrolment', change: 'enroll', entity: { type: 'Connector', uid: id, name }, details: { group: code.group } },
  });
  return { connector: id, tenant, group: code.group, tunnelUrl };
};

/** Speaks of the name, and belongs to the key: no other key can come to have it, and with it the connector's frame key. */
const connectorId = (name: string, { x, y }: PublicKey): string => {
  const spoken = name.toLowerCase().replaceAll('.', '-').slice(0, ID_NAME_CHARACTERS);
  return `${spoken}-${createHash('sha256').update(`${x}.${y}`).digest('hex').slice(0, ID_DIGEST_CHARACTERS)}`;
};
