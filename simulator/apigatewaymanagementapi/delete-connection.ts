// DeleteConnection: `DELETE /{stage}/@connections/{connectionId}`. The code that the client sees cannot be chosen.
import { liveConnection, type ManagementAnswer, type ManagementRequest } from './management-request.ts';

/** Throws AwsError GoneException 410. */
export const deleteConnection = (request: ManagementRequest): ManagementAnswer => {
  liveConnection(request).close(1000, 'Connection Closed Normally');
  return { status: 204 };
};
