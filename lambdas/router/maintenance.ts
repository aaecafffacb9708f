// Maintenance mode: whoever may use the application reads the administrator's words instead, and nothing reaches the connector.
import type { Application } from '../stores/records.ts';
import type { Answer } from './answer.ts';
import { type ErrorAnswerOptions, errorAnswer } from './error-page.ts';

const WORDS = 'It is being worked on, and has been switched off for that time.';

/** Null while there is none. */
export const maintenanceAnswer = ({ maintenance }: Pick<Application, 'maintenance'>, options: ErrorAnswerOptions): Answer | null =>
  maintenance === null ? null : errorAnswer({ ...options, code: 'ERR_MAINTENANCE', detail: maintenance || WORDS });
