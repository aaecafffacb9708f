// Applications that share a host: to browsers they are one origin, and nothing that we do keeps one's pages out of the other.
import type { Application } from '../lambdas/stores/records.ts';
import { addressesOf } from './address-list.ts';

export interface SharedHost {
  readonly host: string;
  /** Ids of the applications there, two at least. */
  readonly applications: readonly string[];
}

export const sharedHosts = (applications: readonly Application[]): SharedHost[] => {
  const found = new Map<string, Set<string>>();
  for (const application of applications) {
    for (const { host } of addressesOf(application)) found.set(host, (found.get(host) ?? new Set()).add(application.id));
  }
  return [...found].filter(([, ids]) => ids.size > 1).map(([host, ids]) => ({ host, applications: [...ids] }));
};
