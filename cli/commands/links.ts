// `sallyport links APPLICATION`: the internal addresses that an application's pages name, and what translation would make of them.
import { SallyportError } from '../../protocol/errors.ts';
import { addLinks, type LinkSummary } from '../../protocol/link-report.ts';
import type { Application } from '../../tenants/application.ts';
import type { ControlClient } from '../control-client.ts';
import { table } from '../table.ts';

const DAY_MS = 86_400_000;
const DAYS_DEFAULT = 7;
/** Logs are kept for three months. */
const DAYS_MAX = 90;

/** Throws ERR_REQUEST_INVALID, ERR_CONTROL_UNKNOWN. */
export const links = async (
  client: ControlClient,
  id: string,
  { days, now }: { readonly days: unknown; readonly now: number },
  say: (line: string) => void,
): Promise<void> => {
  const span = readDays(days);
  const application = (await client.applications()).find((known) => known.id === id);
  if (!application) throw new SallyportError('ERR_CONTROL_UNKNOWN', `No application has the id ${id}: \`sallyport status\` lists them.`);
  const { exchanges, found } = await search(client, id, now - span * DAY_MS, now);
  for (const line of describeLinks(application, span, exchanges, found)) say(line);
};

const search = async (client: ControlClient, id: string, from: number, to: number) => {
  let exchanges = 0;
  let found: LinkSummary[] = [];
  let next: string | null = null;
  do {
    const page = await client.links(id, { from, to, next });
    exchanges += page.exchanges;
    found = addLinks(found, page.links);
    next = page.next;
  } while (next !== null);
  return { exchanges, found };
};

const readDays = (days: unknown): number => {
  if (days === undefined) return DAYS_DEFAULT;
  if (/^\d{1,2}$/.test(String(days)) && Number(days) >= 1 && Number(days) <= DAYS_MAX) return Number(days);
  throw new SallyportError('ERR_REQUEST_INVALID', `--days expects a whole number from 1 to ${DAYS_MAX}, and got ${String(days)}.`);
};

export const describeLinks = (
  application: Pick<Application, 'id' | 'translation'>,
  days: number,
  exchanges: number,
  found: readonly LinkSummary[],
): string[] => {
  const { id, translation } = application;
  const lately = days === 1 ? 'the last day' : `the last ${days} days`;
  if (found.length === 0) {
    return [
      `No internal address was found on pages of ${id} in ${lately}.`,
      translation.links === 'report'
        ? 'Its answers are looked at (translation.links: report): use it as its users do, and ask again in a minute.'
        : `Its answers are not looked at: translation.links is ${translation.links}. Set it to report, apply it, use the application, and ask again.`,
    ];
  }
  const published = found.filter((link) => link.published !== null);
  const elsewhere = found.filter((link) => link.published === null);
  const inScripts = published.reduce((sum, { places }) => sum + (places.scripts ?? 0), 0);
  const rows = found.map((link) => [
    link.target,
    link.published ?? 'not published',
    String(link.count),
    Object.entries(link.places)
      .map(([place, count]) => `${place} ${count}`)
      .join(', '),
    link.pages.join(' '),
  ]);
  return [
    `Internal addresses in ${exchanges} ${exchanges === 1 ? 'answer' : 'answers'} of ${id} in ${lately}:`,
    '',
    ...table(['address', 'application', 'links', 'where', 'for example on'], rows),
    '',
    ...(published.length === 0 ? [] : [`With translation.links: on, links to ${list(published)} lead to the external address.`]),
    ...(inScripts === 0
      ? []
      : [
          `${inScripts} of them ${inScripts === 1 ? 'stands' : 'stand'} in scripts: these need translation.scripts: true as well, or without-data where users edit what may hold addresses.`,
        ]),
    ...(elsewhere.length === 0
      ? []
      : [`Nothing is published at ${list(elsewhere)}: whoever follows such a link from outside gets nowhere.`]),
  ];
};

const list = (links: readonly LinkSummary[]): string => links.map(({ target }) => target).join(', ');
