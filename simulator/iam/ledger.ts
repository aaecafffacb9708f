// Who was allowed what by which statement, and who was denied: what least privilege is judged by.
import type { Principals, Statement } from './policy-document.ts';
import { matchesAction, matchesArn } from './wildcards.ts';

export interface StatementUse {
  readonly id: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly principals: Principals | null;
  /** How often the statement was what allowed a request. */
  readonly uses: number;
  readonly suspended: boolean;
  /** Requested actions with their counts. */
  readonly used: Readonly<Record<string, number>>;
  /** Entries of the statement that no request has needed so far. */
  readonly unusedActions: readonly string[];
  readonly unusedResources: readonly string[];
}

export interface Denial {
  readonly at: string;
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  readonly reason: string;
  /** The suspended statement that would have allowed it. */
  readonly withheld: string | null;
}

export interface Ledger {
  register(statements: readonly Statement[]): void;
  /** False when the template has no Allow statement with this id. */
  suspend(id: string, suspended: boolean): boolean;
  allowed(statement: Statement, action: string, resource: string): void;
  denied(denial: Denial): void;
  statements(): readonly StatementUse[];
  denials(): readonly Denial[];
}

const DENIALS_MAX = 1000;

interface Entry {
  readonly statement: Statement;
  uses: number;
  readonly used: Map<string, number>;
  readonly unusedActions: Set<string>;
  readonly unusedResources: Set<string>;
}

export const createLedger = (): Ledger => {
  const entries = new Map<string, Entry>();
  const denials: Denial[] = [];

  return {
    register: (statements) => {
      for (const statement of statements) {
        if (statement.effect !== 'Allow') continue;
        entries.set(statement.id, {
          statement,
          uses: 0,
          used: new Map(),
          unusedActions: new Set(statement.exceptActions ? [] : statement.actions),
          unusedResources: new Set(statement.exceptResources ? [] : statement.resources),
        });
      }
    },
    suspend: (id, suspended) => {
      const entry = entries.get(id);
      if (entry) entry.statement.suspended = suspended;
      return entry !== undefined;
    },
    allowed: (statement, action, resource) => {
      const entry = entries.get(statement.id);
      if (!entry) return; // Of a session policy: not of the template.
      entry.uses += 1;
      entry.used.set(action, (entry.used.get(action) ?? 0) + 1);
      for (const pattern of entry.unusedActions) if (matchesAction(pattern, action)) entry.unusedActions.delete(pattern);
      for (const pattern of entry.unusedResources) {
        if (pattern === resource || matchesArn(pattern, resource)) entry.unusedResources.delete(pattern);
      }
    },
    denied: (denial) => {
      if (denials.push(denial) > DENIALS_MAX) denials.shift();
    },
    statements: () =>
      [...entries.values()].map(({ statement, uses, used, unusedActions, unusedResources }) => ({
        id: statement.id,
        actions: statement.actions,
        resources: statement.resources,
        principals: statement.principals,
        uses,
        suspended: statement.suspended,
        used: Object.fromEntries(used),
        unusedActions: [...unusedActions],
        unusedResources: [...unusedResources],
      })),
    denials: () => [...denials],
  };
};
