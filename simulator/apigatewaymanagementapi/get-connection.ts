// GetConnection: `GET /{stage}/@connections/{connectionId}`.
import { liveConnection, type ManagementAnswer, type ManagementRequest } from './management-request.ts';

/** Throws AwsError GoneException 410. */
export const getConnection = (request: ManagementRequest): ManagementAnswer => {
  const { facts, lastActiveAt } = liveConnection(request);
  return {
    status: 200,
    body: {
      connectedAt: new Date(facts.connectedAt).toISOString(),
      identity: { sourceIp: facts.sourceIp, userAgent: facts.userAgent ?? '' },
      lastActiveAt: new Date(lastActiveAt).toISOString(),
    },
  };
};
