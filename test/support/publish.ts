// Applications that a test publishes while the world runs, open to everyone without a sign-in: what is tested lies behind that.
import { control } from './administrator.ts';
import type { World } from './world.ts';

export interface Publication {
  readonly id: string;
  readonly internalUrl: string;
  /** Whose connectors reach it. */
  readonly group: string;
  readonly translation?: { readonly links: 'off' | 'report' | 'on'; readonly scripts?: boolean };
}

/** Publishes exactly these. */
export const publish = async (world: World, applications: readonly Publication[]): Promise<void> => {
  await control(world).apply(
    applications.map(({ id, internalUrl, group, translation }) => ({
      id,
      name: id,
      externalUrl: `https://${id}.apps.sallyport.localhost/`,
      internalUrl,
      connectorGroup: group,
      preAuthentication: 'pass-through',
      ...(translation && { translation }),
    })),
  );
};

/** The external URL of such an application, ending with `/`. */
export const externalUrl = ({ ready }: World, id: string): string => {
  const { protocol, port } = new URL(ready.portal);
  return `${protocol}//${id}.apps.sallyport.localhost:${port}/`;
};
