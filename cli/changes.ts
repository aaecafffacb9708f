// What applying a tenant file changes, application by application and setting by setting.
import { isDeepStrictEqual } from 'node:util';
import type { Application } from '../tenants/application.ts';

export interface Changes {
  readonly added: readonly Application[];
  readonly removed: readonly Application[];
  readonly changed: ReadonlyArray<{ readonly id: string; readonly settings: readonly Change[] }>;
}

export interface Change {
  readonly name: string;
  readonly from: unknown;
  readonly to: unknown;
}

export const findChanges = (before: readonly Application[], after: readonly Application[]): Changes => {
  const held = new Map(before.map((application) => [application.id, application]));
  const wanted = new Set(after.map(({ id }) => id));
  return {
    added: after.filter(({ id }) => !held.has(id)),
    removed: before.filter(({ id }) => !wanted.has(id)),
    changed: after.flatMap((application) => {
      const settings = differences(held.get(application.id) ?? application, application);
      return settings.length === 0 ? [] : [{ id: application.id, settings }];
    }),
  };
};

const differences = (from: Application, to: Application): Change[] =>
  (Object.keys(to) as (keyof Application)[])
    .filter((name) => !isDeepStrictEqual(from[name], to[name]))
    .map((name) => ({ name, from: from[name], to: to[name] }));

export const describeChanges = ({ added, removed, changed }: Changes): string[] => [
  ...added.map(({ id, name, host, path, internalUrl }) => `+ ${id}: ${name}, ${host}${path} → ${internalUrl}`),
  ...changed.flatMap(({ id, settings }) => [
    `~ ${id}`,
    ...settings.map(({ name, from, to }) => `    ${name}: ${JSON.stringify(from)} → ${JSON.stringify(to)}`),
  ]),
  ...removed.map(({ id, name }) => `- ${id}: ${name}`),
];
