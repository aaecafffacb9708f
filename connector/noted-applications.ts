// Which applications with single sign-on by Kerberos there are, as the service last told: noted in the state directory for `doctor`,
// which is another process and must not open a tunnel of its own.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { WelcomeApplication } from '../protocol/tunnel-messages.ts';

const FILE = 'applications.json';

const schema = z.array(z.object({ id: z.string(), name: z.string(), internalUrl: z.string(), service: z.string() }));

export type NotedApplication = z.infer<typeof schema>[number];

export const noteApplications = async (directory: string, applications: readonly WelcomeApplication[]): Promise<void> => {
  const noted = applications.flatMap(({ name, internalUrl, kerberos }): NotedApplication[] =>
    kerberos === undefined ? [] : [{ ...kerberos, name, internalUrl }],
  );
  await writeFile(join(directory, FILE), `${JSON.stringify(noted, null, 2)}\n`, { mode: 0o600 });
};

/** Empty where nothing was noted yet, or nothing that can be read. */
export const notedApplications = async (directory: string): Promise<NotedApplication[]> => {
  try {
    return schema.parse(JSON.parse(await readFile(join(directory, FILE), 'utf8')));
  } catch {
    return [];
  }
};
