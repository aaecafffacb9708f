// Every difference that the differential test allows, in the order in which they are applied.
import { ANSWER_RULES } from './answer-rules.ts';
import { QUERY_RULES } from './query-rules.ts';
import { REQUEST_RULES } from './request-rules.ts';
import type { Rule } from './rule.ts';

export const RULES: readonly Rule[] = [...REQUEST_RULES, ...QUERY_RULES, ...ANSWER_RULES];
