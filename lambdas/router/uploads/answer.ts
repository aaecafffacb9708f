// Answers what is asked of an upload beside its response: it is begun, goes on, or ends.
import { SallyportError } from '../../../protocol/errors.ts';
import { digest } from '../../keys.ts';
import type { Application, ApplicationHere } from '../../stores/records.ts';
import type { Answer } from '../answer.ts';
import type { Caller } from '../caller.ts';
import { prepare, type TellPorts, tellOf } from '../prepare.ts';
import type { TranslationPorts } from '../translation/exchange-translation.ts';
import type { ResponseCall, UploadCall } from './call.ts';
import { beginUpload, type Served, type ServePorts, serveUpload } from './serve.ts';
import { targetHeaders, withLength } from './target.ts';

export interface UploadAsked {
  readonly call: Exclude<UploadCall, ResponseCall>;
  readonly application: ApplicationHere;
  /** Null where the application lets everyone pass. */
  readonly caller: Caller | null;
  readonly served: Served;
}

type AnswerPorts = ServePorts & TellPorts & TranslationPorts;

export const answerUpload = async (ports: AnswerPorts, { call, application, caller, served }: UploadAsked): Promise<Answer> => {
  if (call.kind !== 'begin') return serveUpload(ports, call, served);
  const told = await tellOf(ports, application, caller, call.target.host);
  const wanted = { ...call.target, headers: targetHeaders(call.target.headers, call.headers) };
  const { request } = await prepare(ports, wanted, application, caller?.user ?? null, told);
  const asked = { ...request, headers: withLength(request.headers, call.length) };
  return beginUpload(ports, { application, caller, call, request: asked }, served);
};

/** Credentials that the application refused are not sent again, whichever part of the upload was told so; others that were entered meanwhile are. */
export const noteRefusedUpload = async (
  { passwords }: Pick<TellPorts, 'passwords'>,
  application: Application,
  caller: Caller,
  call: UploadCall,
  error: unknown,
): Promise<void> => {
  if (!(error instanceof SallyportError) || error.code !== 'ERR_CREDENTIALS_REFUSED') return;
  const signOn = await passwords.signOn(application, caller);
  if (signOn === undefined || (call.kind !== 'begin' && digest(signOn.sealed) !== call.upload.credentials)) return;
  await passwords.refused(application, caller, signOn);
};
