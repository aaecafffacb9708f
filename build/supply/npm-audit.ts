// What the registry knows of the packages that are installed, by npm's own audit.
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import type { Finding } from './finding.ts';
import type { Locked } from './locked.ts';

/** npm's report, version 2. `via` names an advisory, or another package of the report. */
const report = z.object({
  auditReportVersion: z.literal(2),
  vulnerabilities: z.record(
    z.string(),
    z.object({ nodes: z.array(z.string()), via: z.array(z.union([z.string(), z.object({ url: z.string(), name: z.string() })])) }),
  ),
});
/** What npm prints where it has no report. */
const refusal = z.object({ message: z.string() });

/** Throws when the registry cannot be asked, or does not answer what npm asks. */
export const askRegistry = async (root: string, registry: string | undefined, packages: readonly Locked[]): Promise<readonly Finding[]> => {
  const args = ['audit', '--json', '--package-lock-only', ...(registry === undefined ? [] : ['--registry', registry])];
  const npm = spawn('npm', args, { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = new Promise<never>((_, reject) => npm.once('error', reject));
  const said: unknown = JSON.parse((await Promise.race([text(npm.stdout), ended])) || '{}');
  const { success, data } = report.safeParse(said);
  // npm exits with 1 for findings and for failures alike: only a report is an answer.
  if (!success) throw new Error(refusal.safeParse(said).data?.message ?? 'npm audit printed no report.');
  const advisories = Object.values(data.vulnerabilities).flatMap(({ via }) => via.filter((one) => typeof one !== 'string'));
  const ids = new Map(advisories.map(({ name, url }) => [`${name} ${url}`, { name, id: url.slice(url.lastIndexOf('/') + 1) }]));
  return [...ids.values()].flatMap(({ name, id }) =>
    packages.filter((locked) => locked.name === name).map((locked) => ({ ...locked, id })),
  );
};
