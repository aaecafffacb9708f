// Whose pages may call an application besides its own. Everything that lets other origins in is asked here: what they ask is carried out, and
// the application is told of them by the names that it knows.
import type { ApplicationHere } from '../stores/records.ts';
import { ruleFor } from './cors.ts';
import type { ExternalUrls } from './external-url.ts';
import { takesFormOf } from './forms-from.ts';
import type { ReadDirectory } from './ports.ts';
import { applicationsAt } from './resolve.ts';

export interface WelcomePorts {
  readonly directory: Pick<ReadDirectory, 'applicationsOn'>;
  readonly urls: ExternalUrls;
}

/** `methods`: by which they would; left out, it is enough that some are allowed. */
export const isWelcomeAt = async (
  ports: WelcomePorts,
  application: ApplicationHere,
  path: string,
  origin: string,
  methods: readonly string[] = [],
): Promise<boolean> => {
  const rule = ruleFor(application, path, origin, ports.urls);
  if (rule !== null && methods.every((method) => rule.methods.includes('*') || rule.methods.includes(method))) return true;
  if (methods.every((method) => method === 'POST') && takesFormOf(application, path, origin)) return true;
  return isOf(ports, application, origin);
};

/** Whether the origin is another host of the application itself, as a wildcard has many. */
const isOf = async ({ directory, urls }: WelcomePorts, { id }: ApplicationHere, origin: string): Promise<boolean> => {
  const host = urls.hostOf(origin);
  return host !== null && (await applicationsAt(directory, host)).some((known) => known.id === id);
};
