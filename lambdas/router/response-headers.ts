// The origin's header fields without what concerned its own connection, each of them one that is.
import { SallyportError } from '../../protocol/errors.ts';
import type { HeaderList } from '../../protocol/frames.ts';
import { isFieldValue, isToken, withoutHopByHop } from '../../protocol/headers.ts';
import type { Application } from '../stores/records.ts';

/** Throws ERR_ORIGIN_INVALID for fields that are none: a line break here would be another field, or another response. */
export const responseHeaders = (headers: HeaderList, application: Pick<Application, 'id'>): HeaderList => {
  if (!headers.every(([name, value]) => isToken(name) && isFieldValue(value))) {
    throw new SallyportError('ERR_ORIGIN_INVALID', `The origin of ${application.id} sent a header field that is none (RFC 9110 §5).`);
  }
  return withoutHopByHop(headers);
};
