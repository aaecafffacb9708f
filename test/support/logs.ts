// What functions and connectors logged: one object for each line of JSON.
import { readFileSync } from 'node:fs';
import { eventually } from './eventually.ts';
import type { World } from './world.ts';

export type LogLine = Readonly<Record<string, unknown>>;

const LOG_GROUPS = {
  router: 'IngressRouter',
  portal: 'PortalLog',
  control: 'PortalControl',
  enrolment: 'PortalEnrolment',
  tunnels: 'TunnelApiTunnels',
  tunnelAuthorizer: 'TunnelApiAuthorizer',
  replyAuthorizer: 'ReplyApiAuthorizer',
  sockets: 'ReplyApiSockets',
  directory: 'DirectoryWriter',
} as const;

export const FUNCTION_LOGS = Object.keys(LOG_GROUPS) as readonly (keyof typeof LOG_GROUPS)[];

export const functionLog = async (world: World, name: keyof typeof LOG_GROUPS): Promise<LogLine[]> => {
  const lines = await world.control<Array<{ line: string }>>('GET', `/logs/${LOG_GROUPS[name]}`);
  return lines.flatMap(({ line }) => parsed(line));
};

export const connectorLog = (file: string): LogLine[] => parseLog(readFileSync(file, 'utf8'));

export const parseLog = (text: string): LogLine[] => text.split('\n').flatMap(parsed);

const parsed = (line: string): LogLine[] => (line.startsWith('{') ? [JSON.parse(line)] : []);

/** Resolves with the line once there is one that has all these fields. Throws with the log's last lines when none comes in time. */
export const logged = (read: () => Promise<LogLine[]> | LogLine[], fields: LogLine, deadlineMs = 20_000): Promise<LogLine> =>
  eventually(deadlineMs, async () => {
    const lines = await read();
    const found = lines.find((line) => Object.entries(fields).every(([name, value]) => line[name] === value));
    if (found) return found;
    const last = lines.slice(-10).map((line) => JSON.stringify(line));
    throw new Error(`No line with ${JSON.stringify(fields)} in the log. Its last lines:\n${last.join('\n')}`);
  });
