// CloudWatch Logs as functions meet it: log groups of the template, lines that a function's role may or may not write, and FilterLogEvents.

import { SallyportError } from '../../protocol/errors.ts';
import { arn } from '../account.ts';
import { type AwsService, jsonProtocol } from '../aws-protocols.ts';
import { physicalName } from '../cloudformation/physical-name.ts';
import { allowOnly } from '../cloudformation/properties.ts';
import type { ControlRoute } from '../control.ts';
import type { IamService } from '../iam/iam.ts';
import { AwsError, type Clock, type Logs, type Meter, type ResourceTypes } from '../services.ts';
import { filterLogEvents, type LogEvent, readFilterInput } from './filter-log-events.ts';

export interface LogLine {
  readonly group: string;
  readonly stream: string;
  readonly line: string;
}

export interface LogsService extends Logs {
  /** FilterLogEvents, the one action that is read by. */
  readonly service: AwsService;
  readonly resources: ResourceTypes;
  readonly routes: readonly ControlRoute[];
  /** The last lines of a group, oldest first. Throws ERR_REQUEST_INVALID when there is no such group. */
  lines(group: string): readonly Omit<LogLine, 'group'>[];
}

export interface LogsDependencies {
  readonly iam: Pick<IamService, 'authorize' | 'principalOf'>;
  readonly meter: Meter;
  readonly clock: Pick<Clock, 'now'>;
  /** Gets every line that was stored. */
  readonly sink?: (line: LogLine) => void;
  /** Of each group. @default 5000 */
  readonly keep?: number;
}

/** "RetentionInDays" (AWS::Logs::LogGroup). */
const RETENTIONS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

export const createLogs = ({ iam, meter, clock, sink, keep = 5000 }: LogsDependencies): LogsService => {
  const groups = new Map<string, LogEvent[]>();
  const streams = new Set<string>();
  let written = 0;

  const find = (name: string): readonly LogEvent[] => {
    const exact = groups.get(name);
    if (exact) return exact;
    const [only, ...more] = [...groups.keys()].filter((group) => group.includes(name));
    if (only === undefined || more.length > 0) {
      const known = [...groups.keys()].join(', ') || 'none';
      throw new SallyportError(
        'ERR_REQUEST_INVALID',
        `${only ? 'More than one log group' : 'No log group'} fits ${name}; there are ${known}.`,
      );
    }
    return groups.get(only) ?? [];
  };

  return {
    service: {
      scope: 'logs',
      protocol: jsonProtocol('1.1'),
      answer: async ({ action, input, principal }) => {
        meter.add('logs-calls', 1, { action });
        if (action !== 'FilterLogEvents')
          throw new AwsError(400, 'UnknownOperationException', `The simulator has FilterLogEvents, not ${action}.`);
        const asked = readFilterInput(input);
        iam.authorize(principal, 'logs:FilterLogEvents', arn('logs', `log-group:${asked.logGroupName}:log-stream:`));
        const events = groups.get(asked.logGroupName);
        if (!events) throw new AwsError(400, 'ResourceNotFoundException', 'The specified log group does not exist.');
        return filterLogEvents(events, asked);
      },
    },
    resources: {
      'AWS::Logs::LogGroup': async (request) => {
        allowOnly(request, ['LogGroupName', 'RetentionInDays', 'Tags', 'LogGroupClass', 'DeletionProtectionEnabled', 'KmsKeyId']);
        const { LogGroupName, RetentionInDays } = request.properties;
        if (RetentionInDays !== undefined && !RETENTIONS.includes(Number(RetentionInDays))) {
          throw new Error(`RetentionInDays ${RetentionInDays} is none of ${RETENTIONS.join(', ')}`);
        }
        const name = physicalName(request, LogGroupName, 512);
        if (groups.has(name)) throw new Error(`the log group ${name} exists already`);
        groups.set(name, []);
        return { ref: name, attributes: { Arn: arn('logs', `log-group:${name}:*`) } };
      },
    },
    routes: [
      {
        method: 'GET',
        path: '/logs',
        says: 'lists log groups and how many lines of each are kept',
        handle: () => Object.fromEntries([...groups].map(([name, lines]) => [name, lines.length])),
      },
      {
        method: 'GET',
        path: '/logs/:name',
        says: 'the last lines of a log group, by its name or a part that fits one only',
        handle: ({ params }) => find(params.name ?? '').map(({ stream, line }) => ({ stream, line })),
      },
    ],
    lines: find,
    putLogEvents: (role, group, stream, lines) => {
      if (lines.length === 0) return;
      const resource = arn('logs', `log-group:${group}:log-stream:${stream}`);
      try {
        const principal = iam.principalOf(role.accessKeyId);
        if (!streams.has(resource)) {
          iam.authorize(principal, 'logs:CreateLogStream', resource);
          if (groups.has(group)) streams.add(resource);
        }
        iam.authorize(principal, 'logs:PutLogEvents', resource);
      } catch (error) {
        if (error instanceof AwsError) return;
        throw error;
      }
      // Differs from AWS: Lambda does not create a missing group here, even where the role may; every function names its own.
      const kept = groups.get(group);
      if (!kept) return;
      for (const line of lines) {
        kept.push({ id: written++, stream, at: clock.now(), line });
        sink?.({ group, stream, line });
      }
      if (kept.length > keep) kept.splice(0, kept.length - keep);
    },
  };
};
