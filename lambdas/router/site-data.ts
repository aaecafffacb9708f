// Clear-Site-Data: an application may have what its own host keeps cleared. Cookies would be those of the whole site
// (the registrable domain): the user would be signed out of the portal and of every other application.
import type { HeaderList } from '../../protocol/frames.ts';

const OF_THE_HOST: readonly string[] = ['"cache"', '"storage"', '"executionContexts"'];

export const withOwnSiteData = (headers: HeaderList): HeaderList =>
  headers.flatMap(([name, value]) => {
    if (name.toLowerCase() !== 'clear-site-data') return [[name, value] as const];
    const asked = value.split(',').map((type) => type.trim());
    const kept = asked.includes('"*"') ? OF_THE_HOST : OF_THE_HOST.filter((type) => asked.includes(type));
    return kept.length === 0 ? [] : [[name, kept.join(', ')] as const];
  });
