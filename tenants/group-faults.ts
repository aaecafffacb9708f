// Groups that nobody can be in: with several identity providers each group goes by its provider's id as well (main:staff). A bare name would
// assign nobody, and refuse nobody. Reads the file before it is known to be right.
import { isMap, type LocatedFault, pathText, shown } from './faults.ts';

type Path = readonly (string | number)[];

export const groupFaults = (rawProviders: unknown, rawApplications: unknown): LocatedFault[] => {
  const ids = listed(rawProviders).flatMap((provider) => (isMap(provider) && typeof provider.id === 'string' ? [provider.id] : []));
  if (ids.length < 2) return [];
  return listed(rawApplications).flatMap((application, index) => {
    if (!isMap(application)) return [];
    const at = ['applications', index];
    const places: readonly (readonly [Path, unknown])[] = [
      [[...at, 'access'], application.access],
      ...listed(application.conditions).flatMap((condition, place) =>
        isMap(condition)
          ? (['require', 'refuse'] as const).map((side) => [[...at, 'conditions', place, side], condition[side]] as const)
          : [],
      ),
      ...listed(application.expectations).map((expectation, place) => [[...at, 'expectations', place], expectation] as const),
    ];
    return places.flatMap(([path, holder]) => (isMap(holder) ? faultsAt([...path, 'groups'], listed(holder.groups), ids) : []));
  });
};

const faultsAt = (path: Path, groups: readonly unknown[], ids: readonly string[]): LocatedFault[] =>
  groups.flatMap((group, index) => {
    if (typeof group !== 'string' || ids.some((id) => group.startsWith(`${id}:`))) return [];
    const at = [...path, index];
    return [
      {
        at,
        path: pathText(at),
        expected: 'a group with its provider’s id before it, because there are several providers',
        got: shown(group),
        advice: `Write for example ${ids[0]}:${group}: another provider’s group of this name is another group.`,
      },
    ];
  });

const listed = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
