// What is published at an internal authority, or under an external host: under its own name, or under a wildcard whose label it fills.
import type { Published } from '../../stores/records.ts';
import type { ReadDirectory } from '../ports.ts';

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

export const createPublishedAt =
  (directory: ReadDirectory) =>
  async (authority: string): Promise<readonly Published[]> => {
    const own = await directory.publishedAt(authority);
    const dot = authority.indexOf('.');
    const label = authority.slice(0, dot);
    // As in certificates, a wildcard stands for one label.
    if (own.length > 0 || dot < 0 || !LABEL.test(label)) return own;
    const filled = (await directory.publishedAt(`*${authority.slice(dot)}`)).map((published) => ({
      ...published,
      host: published.host.replace('*', label),
      internalUrl: published.internalUrl.replace('*', label),
    }));
    // A host with applications of its own is not the wildcard's.
    const free = await Promise.all(filled.map(async ({ host }) => (await directory.applicationsOn(host)).length === 0));
    return filled.filter((_, index) => free[index]);
  };

export const createServedOn =
  (directory: Pick<ReadDirectory, 'applicationsOn'>) =>
  async (host: string): Promise<string | null> => {
    const [own] = await directory.applicationsOn(host);
    const [filled] = own ? [own] : await directory.applicationsOn(`*${host.slice(host.indexOf('.'))}`);
    return filled?.id ?? null;
  };
