// A failed request as the user gets it: a page for people, problem+json for programs, with the hop that failed.
import { ERRORS, type ErrorCode, type Hop } from '../../protocol/errors.ts';
import { errorPage, errorProblem } from '../pages/error-answer.ts';
import type { Answer } from './answer.ts';

export interface ErrorAnswerOptions {
  /** Of the exchange when there is one, else of the request; the log has it. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly tenant: string;
  readonly portal: string;
  /** A person is looking. */
  readonly pageLoad: boolean;
}

const WHERE: Readonly<Record<Hop, string>> = {
  user: 'It was refused at the entrance; the application has not been asked.',
  ingress: 'It failed at the entrance, before the application.',
  tunnel: 'It failed between the entrance and the connector beside the application.',
  connector: 'It failed at the connector beside the application.',
  origin: 'It failed at the application itself.',
};

export const errorAnswer = ({ code, id, time, tenant, portal, pageLoad }: ErrorAnswerOptions & { readonly code: ErrorCode }): Answer => {
  const failure = { code, id, time, tenant, detail: WHERE[ERRORS[code].hop], link: { url: portal, text: 'Your applications' } };
  const { statusCode, headers, body } = pageLoad ? errorPage(failure) : errorProblem(failure);
  return { status: statusCode, headers: Object.entries(headers), body };
};
