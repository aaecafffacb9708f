// The `sallyport` command. Answers 0 when it is done, 1 when it was refused or failed, 2 when it was called wrongly.
import { parseArgs } from 'node:util';
import { asSallyportError } from '../protocol/errors.ts';
import { apply } from './commands/apply.ts';
import { enroll, remove } from './commands/connector.ts';
import { status } from './commands/status.ts';
import { type ControlClient, createControlClient } from './control-client.ts';
import { type Environment, findTarget } from './target.ts';

const USAGE = `sallyport — administers a deployment

  sallyport connector enroll --group NAME   makes a one-time code with which a connector of the group enrols
  sallyport connector remove ID             takes a connector's access away
  sallyport apply FILE                      applies a tenant file's applications, without a deployment
  sallyport status                          shows connectors, tunnels and which applications are reachable

Which deployment:
  --endpoint URL       the stack's output ControlEndpoint (or SALLYPORT_CONTROL_ENDPOINT); with your usual AWS credentials
  --region REGION      only where the endpoint's name does not tell it
  --simulator FILE     the ready file of a running simulator (npm start -- --ready-file FILE)`;

export interface CommandPorts {
  readonly env?: Environment;
  readonly say?: (line: string) => void;
  readonly complain?: (line: string) => void;
  readonly now?: () => number;
  readonly connect?: typeof createControlClient;
}

type Command = (client: ControlClient, argument: string, say: (line: string) => void, now: () => number) => Promise<void>;

interface Syntax {
  readonly words: readonly string[];
  /** What follows the words, or the option that must be given. */
  readonly needs?: 'FILE' | 'ID' | '--group';
  readonly run: Command;
}

const COMMANDS: readonly Syntax[] = [
  { words: ['connector', 'enroll'], needs: '--group', run: enroll },
  { words: ['connector', 'remove'], needs: 'ID', run: remove },
  { words: ['apply'], needs: 'FILE', run: apply },
  { words: ['status'], run: (client, _argument, say, now) => status(client, now(), say) },
];

export const main = async (argv: readonly string[], ports: CommandPorts = {}): Promise<number> => {
  const { env = process.env, say = console.log, complain = console.error, now = Date.now, connect = createControlClient } = ports;
  let call: Call | 'help';
  try {
    call = readCall(argv);
  } catch (error) {
    complain(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return 2;
  }
  if (call === 'help') {
    say(USAGE);
    return 0;
  }
  try {
    await call.run(connect(findTarget(call.options, env)), call.argument, say, now);
    return 0;
  } catch (failure) {
    const error = asSallyportError(failure);
    complain(`${error.code}: ${error.message}`);
    return 1;
  }
};

interface Call {
  readonly run: Command;
  readonly argument: string;
  readonly options: { readonly endpoint?: string; readonly region?: string; readonly simulator?: string };
}

const readCall = (argv: readonly string[]): Call | 'help' => {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      endpoint: { type: 'string' },
      region: { type: 'string' },
      simulator: { type: 'string' },
      group: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return 'help';
  const { group, ...options } = values;

  const command = COMMANDS.find(({ words }) => words.every((word, index) => positionals[index] === word));
  if (!command) throw new Error(positionals.length === 0 ? 'A command is expected.' : `There is no command “${positionals.join(' ')}”.`);
  const rest = positionals.slice(command.words.length);
  const name = command.words.join(' ');
  if (group !== undefined && command.needs !== '--group') throw new Error(`${name} takes no --group.`);
  const given = command.needs === '--group' ? group : rest.shift();
  if (command.needs !== undefined && given === undefined) throw new Error(`${name} needs ${command.needs}.`);
  const surplus = command.needs === undefined && given !== undefined ? [given, ...rest] : rest;
  if (surplus.length > 0) throw new Error(`${name} takes no “${surplus.join(' ')}”.`);
  return { run: command.run, argument: given ?? '', options };
};
