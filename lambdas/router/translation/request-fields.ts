// What an application is told of its own addresses: by the names that it knows. Query and body are never touched: what they hold is
// between the page and the application.
import { canDecode } from '../../../protocol/content-codings.ts';
import type { HeaderList } from '../../../protocol/frames.ts';
import type { InternalAddresses } from './internal-address.ts';

/** With the host that the browser asked for, the application is told everything else as the browser says it, too. */
export const internalFields = async (headers: HeaderList, addresses: InternalAddresses): Promise<HeaderList> =>
  Promise.all(
    headers.map(async ([name, value]) => {
      const known = name.toLowerCase();
      if (known === 'origin') return [name, (await addresses.origin(value)) ?? value] as const;
      if (known === 'referer') return [name, (await addresses.page(value)) ?? value] as const;
      // Where WebDAV's COPY and MOVE lead (RFC 4918 §10.3).
      if (known === 'destination') return [name, (await addresses.url(value)) ?? value] as const;
      return [name, value] as const;
    }),
  );

/**
 * For an answer that is to be read on its way: only codings that can be unpacked; and where validators are ours (weak, because the bytes
 * differ), the application is asked by its own.
 */
export const readableFields = (headers: HeaderList): HeaderList =>
  headers.map(([name, value]) => {
    switch (name.toLowerCase()) {
      case 'accept-encoding':
        return [name, decodable(value)] as const;
      case 'if-none-match':
        return [name, [value, ...weakOnly(value)].join(', ')] as const;
      case 'if-match':
        return [name, value.replaceAll(WEAK, '$1')] as const;
      default:
        return [name, value] as const;
    }
  });

const WEAK = /W\/("[^"]*")/g;

/** RFC 9110 §12.5.3; nothing is left unsaid, because that would allow every coding. */
const decodable = (value: string): string => {
  const kept = value
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => {
      const coding = entry.split(';', 1)[0]!.trim().toLowerCase();
      return coding === 'identity' || canDecode(coding);
    });
  return kept.length === 0 ? 'identity' : kept.join(', ');
};

/** Servers that compare as text know their strong validator only. */
const weakOnly = (value: string): string[] => {
  const strong = new Set(value.replaceAll(WEAK, '').match(/"[^"]*"/g));
  return [...value.matchAll(WEAK)].map(([, tag]) => tag!).filter((tag) => !strong.has(tag));
};
