// Expressions in the policy language, as decisions ask for them: what they are told of a request, and what they may answer.
import type { Asked } from './decide.ts';
import type { Facts, Requirements } from './requirements.ts';

/** What an expression came to; `holds` is undefined when it could not be told. */
export interface Told {
  readonly holds: boolean | undefined;
  readonly found: string;
  /** It asked for groups of the user that the provider left out. */
  readonly lacksGroups?: true;
}

/** `path` is one reading of the request's path, below the application's. */
export type Evaluate = (expression: string, facts: Facts, asked: Asked, path: string) => Told;

/** For applications without expressions: one that comes up nevertheless cannot be told, and denies. */
export const NO_LANGUAGE: Evaluate = () => ({ holds: undefined, found: 'the policy language is not loaded' });

interface Conditional {
  readonly conditions: ReadonlyArray<{ readonly require: Requirements | null; readonly refuse: Requirements | null }>;
}

/** The language is loaded by the first application that uses it: most never do. */
export const evaluatorFor = async ({ conditions }: Conditional): Promise<Evaluate> =>
  conditions.some(({ require, refuse }) => require?.when !== undefined || refuse?.when !== undefined)
    ? (await import('./expression.ts')).evaluate
    : NO_LANGUAGE;
