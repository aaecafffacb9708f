// The `sallyport` command. Answers 0 when it is done, 1 when it was refused or failed, 2 when it was called wrongly, and 3 from `status`
// when some application is not known to be reachable.
import { parseArgs } from 'node:util';
import { asSallyportError } from '../protocol/errors.ts';
import { apply } from './commands/apply.ts';
import { type AuditOptions, audit, auditFault } from './commands/audit.ts';
import { enroll, remove } from './commands/connector.ts';
import { createVault, removeCredentials, setCredentials, type WhoseOptions } from './commands/credentials.ts';
import { explain } from './commands/explain.ts';
import { type ForwardOptions, forward, forwardFault } from './commands/forward.ts';
import { links } from './commands/links.ts';
import { fetchMetadata, type MetadataOptions } from './commands/metadata.ts';
import { listSessions, type RevokeOptions, revokeSessions } from './commands/session.ts';
import { type StatusOptions, status } from './commands/status.ts';
import { createToken, listTokens, revokeToken, rotateToken } from './commands/token.ts';
import { type UploadOptions, upload, uploadFault } from './commands/upload.ts';
import { type WhyOptions, why, whyFault } from './commands/why.ts';
import { type ControlClient, createControlClient } from './control-client.ts';
import { withDashedIds } from './dashed-ids.ts';
import { readPasswordFrom } from './read-password.ts';
import { type Environment, findTarget } from './target.ts';

const USAGE = `sallyport — administers a deployment

  sallyport connector enroll --group NAME   makes a one-time code with which a connector of the group enrols
  sallyport connector remove ID             takes a connector's access away
  sallyport apply FILE                      applies a tenant file's applications, without a deployment
  sallyport metadata SOURCE FILE            fetches a SAML provider's or application's metadata, by URL or path, for a tenant file, and
      shows what changes; with --signed-by CERTIFICATE only if that signed them
  sallyport status [--json]                 shows connectors, tunnels and which applications are reachable; exits with 3 if one is not
  sallyport explain ID                      shows what became of an exchange or a request, by the id on its error page
  sallyport audit                           shows sign-ins, refusals and changes: of --user NAME, --application ID, --kind KIND,
      --since 1h; with --json, each as a line of JSON with its OCSF event
  sallyport links APPLICATION [--days N]    shows the internal addresses that an application's pages name (translation.links: report)
  sallyport session list USER               shows a user's sign-ins
  sallyport session revoke                  ends sessions: of --user NAME, --session ID, or --application ID
  sallyport token create NAME --application ID --days N
                                            makes a service token: a program's own (--application is repeatable)
  sallyport token list                      shows whose service tokens are good, for what and until when
  sallyport token rotate NAME               makes a new secret; the one before ends within a day
  sallyport token revoke NAME               ends all of a service token's secrets
  sallyport vault create FILE               makes the key that opens users' passwords for applications, for a group's connectors
  sallyport credentials set APPLICATION USERNAME
                                            seals a password from standard input for the application: of all its users, or of
      --user NAME (who is signed in), or --issuer URL --subject ID
  sallyport credentials remove APPLICATION  removes it, with the same options
  sallyport why USER METHOD URL             shows what would be decided on a request, and by which rule. What is supposed of it:
      --group NAME, --claim NAME=VALUE (repeatable), --email ADDRESS, --address ADDRESS, --country DE,
      --at TIME, --mfa, --signed-in-ago 15m, --by browser|token|service; or groups and all that is known of the user from
      --session last, or --session ID
  sallyport upload FILE URL                 sends a file of any size to an application (bigUploads: on) and shows its answer; with the token of
      SALLYPORT_TOKEN_FILE or SALLYPORT_TOKEN, and --method PUT, --type TYPE, --token-header NAME; killed, it goes on when called
      again within a minute, unless with --restart
  sallyport forward WSS_URL                 gives programs of this machine a plain WebSocket of an application: on --port N, with the token as for
      upload

Which deployment (metadata, upload and forward need none):
  --endpoint URL       the stack's output ControlEndpoint (or SALLYPORT_CONTROL_ENDPOINT); with your usual AWS credentials
  --region REGION      only where the endpoint's name does not tell it
  --simulator FILE     the ready file of a running simulator (npm start -- --ready-file FILE)`;

export interface CommandPorts {
  readonly env?: Environment;
  readonly say?: (line: string) => void;
  readonly complain?: (line: string) => void;
  readonly now?: () => number;
  readonly connect?: typeof createControlClient;
  readonly readPassword?: () => Promise<string>;
  readonly stopped?: Promise<unknown>;
}

const TARGET = { endpoint: { type: 'string' }, region: { type: 'string' }, simulator: { type: 'string' } } as const;
const OPTIONS = {
  application: { type: 'string', multiple: true },
  days: { type: 'string' },
  user: { type: 'string' },
  session: { type: 'string' },
  issuer: { type: 'string' },
  subject: { type: 'string' },
  group: { type: 'string', multiple: true },
  claim: { type: 'string', multiple: true },
  email: { type: 'string' },
  address: { type: 'string' },
  country: { type: 'string' },
  at: { type: 'string' },
  mfa: { type: 'boolean' },
  'signed-in-ago': { type: 'string' },
  by: { type: 'string' },
  kind: { type: 'string' },
  since: { type: 'string' },
  'signed-by': { type: 'string' },
  json: { type: 'boolean' },
  method: { type: 'string' },
  type: { type: 'string' },
  'token-header': { type: 'string' },
  restart: { type: 'boolean' },
  port: { type: 'string' },
} as const;

interface Running {
  /** Of the deployment that was named: asked for only by commands that speak to one. */
  readonly client: ControlClient;
  /** Resolves when the command is told to end. */
  readonly stopped: Promise<unknown>;
  readonly say: (line: string) => void;
  readonly complain: (line: string) => void;
  readonly env: Environment;
  readonly now: () => number;
  readonly readPassword: () => Promise<string>;
  /** What follows the words. */
  readonly given: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
}

interface Syntax {
  readonly words: readonly string[];
  /** What must follow the words. */
  readonly needs: readonly string[];
  /** What it takes beyond where the deployment is. */
  readonly options?: readonly (keyof typeof OPTIONS)[];
  /** Of these, those that must be there. */
  readonly must?: readonly string[];
  /** Of these, exactly one must be there, once. */
  readonly oneOf?: readonly string[];
  /** What is wrong with their values, if anything. */
  readonly fault?: (options: Readonly<Record<string, unknown>>) => string | null;
  /** False: it was refused, and has said so. A number is what the command exits with. */
  readonly run: (running: Running) => Promise<unknown>;
}

/** What `status` exits with where it could be read, and not every application is reachable. */
const UNREACHABLE = 3;

const COMMANDS: readonly Syntax[] = [
  {
    words: ['connector', 'enroll'],
    needs: [],
    options: ['group'],
    oneOf: ['group'],
    run: ({ client, options, say }) => enroll(client, (options.group as readonly [string])[0], say),
  },
  { words: ['connector', 'remove'], needs: ['ID'], run: ({ client, given, say }) => remove(client, given[0]!, say) },
  { words: ['apply'], needs: ['FILE'], run: ({ client, given, say }) => apply(client, given[0]!, say) },
  {
    words: ['metadata'],
    needs: ['SOURCE', 'FILE'],
    options: ['signed-by'],
    run: ({ given, options, say, now }) => fetchMetadata(given, options as MetadataOptions, say, now()),
  },
  { words: ['explain'], needs: ['ID'], run: ({ client, given, say, now }) => explain(client, given[0]!, say, now()) },
  {
    words: ['audit'],
    needs: [],
    options: ['user', 'application', 'kind', 'since', 'json'],
    fault: auditFault,
    run: ({ client, options, say, now }) => audit(client, options as AuditOptions, say, now()),
  },
  {
    words: ['links'],
    needs: ['APPLICATION'],
    options: ['days'],
    run: ({ client, given, options, say, now }) => links(client, given[0]!, { days: options.days, now: now() }, say),
  },
  { words: ['session', 'list'], needs: ['USER'], run: ({ client, given, say }) => listSessions(client, given[0]!, say) },
  {
    words: ['session', 'revoke'],
    needs: [],
    options: ['user', 'session', 'application'],
    oneOf: ['user', 'session', 'application'],
    run: ({ client, options, say }) => revokeSessions(client, options as RevokeOptions, say),
  },
  {
    words: ['token', 'create'],
    needs: ['NAME'],
    options: ['application', 'days'],
    must: ['application', 'days'],
    run: ({ client, given, options, say }) =>
      createToken(client, given[0]!, options.application as readonly string[], Number(options.days), say),
  },
  { words: ['token', 'list'], needs: [], run: ({ client, say }) => listTokens(client, say) },
  { words: ['token', 'rotate'], needs: ['NAME'], run: ({ client, given, say }) => rotateToken(client, given[0]!, say) },
  { words: ['token', 'revoke'], needs: ['NAME'], run: ({ client, given, say }) => revokeToken(client, given[0]!, say) },
  {
    words: ['credentials', 'set'],
    needs: ['APPLICATION', 'USERNAME'],
    options: ['user', 'issuer', 'subject'],
    run: ({ client, given, options, readPassword, say }) => setCredentials(client, given, whoseOf(options), readPassword, say),
  },
  {
    words: ['credentials', 'remove'],
    needs: ['APPLICATION'],
    options: ['user', 'issuer', 'subject'],
    run: ({ client, given, options, say }) => removeCredentials(client, given[0]!, whoseOf(options), say),
  },
  { words: ['vault', 'create'], needs: ['FILE'], run: ({ given, say }) => createVault(given[0]!, say) },
  {
    words: ['upload'],
    needs: ['FILE', 'URL'],
    options: ['method', 'type', 'token-header', 'restart'],
    fault: (options) => uploadFault(options as UploadOptions),
    run: ({ given, options, env, say, complain, now }) =>
      upload(given[0]!, given[1]!, options as UploadOptions, { env, say, complain, now }),
  },
  {
    words: ['forward'],
    needs: ['WSS_URL'],
    options: ['port', 'token-header'],
    fault: forwardFault,
    run: ({ given, options, env, say, stopped }) => forward(given[0]!, options as ForwardOptions, { env, say, stopped }),
  },
  {
    words: ['status'],
    needs: [],
    options: ['json'],
    run: async ({ client, options, say, now }) => ((await status(client, options as StatusOptions, now(), say)) ? 0 : UNREACHABLE),
  },
  {
    words: ['why'],
    needs: ['USER', 'METHOD', 'URL'],
    options: ['group', 'claim', 'email', 'address', 'country', 'at', 'mfa', 'signed-in-ago', 'by', 'session'],
    fault: whyFault,
    run: ({ client, given, options: { endpoint, region, simulator, help, ...supposed }, say, now }) =>
      why(client, given, supposed as WhyOptions, say, now()),
  },
];

const whoseOf = ({ user, issuer, subject }: Running['options']): WhoseOptions => ({ user, issuer, subject }) as WhoseOptions;

const interrupted = (): Promise<unknown> => new Promise((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve));

export const main = async (argv: readonly string[], ports: CommandPorts = {}): Promise<number> => {
  const { env = process.env, say = console.log, complain = console.error, now = Date.now, connect = createControlClient } = ports;
  const { readPassword = () => readPasswordFrom(process.stdin) } = ports;
  let call: Call | 'help';
  try {
    call = readCall(argv);
  } catch (error) {
    complain(`ERR_CONFIGURATION_INVALID: ${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return 2;
  }
  if (call === 'help') {
    say(USAGE);
    return 0;
  }
  try {
    const { run, given, options } = call;
    // Asked for by the commands that need a deployment, and by no other.
    const done = await run({
      ...{ given, options, say, complain, env, now, readPassword },
      get stopped() {
        return ports.stopped ?? interrupted();
      },
      get client() {
        return connect(findTarget(options, env));
      },
    });
    if (typeof done === 'number') return done;
    return done === false ? 1 : 0;
  } catch (failure) {
    const error = asSallyportError(failure);
    complain(`${error.code}: ${error.message}`);
    return 1;
  }
};

interface Call extends Pick<Running, 'given' | 'options'> {
  readonly run: Syntax['run'];
}

const readCall = (argv: readonly string[]): Call | 'help' => {
  const known = { ...TARGET, ...OPTIONS, help: { type: 'boolean', short: 'h' } } as const;
  const { values, positionals } = parseArgs({ args: withDashedIds(argv, known), allowPositionals: true, options: known });
  if (values.help) return 'help';
  const command = COMMANDS.find(({ words }) => words.every((word, index) => positionals[index] === word));
  if (!command) throw new Error(positionals.length === 0 ? 'A command is expected.' : `There is no command “${positionals.join(' ')}”.`);

  const { words, needs, options = [], must = [], oneOf = [], fault = () => null } = command;
  const name = words.join(' ');
  const given = positionals.slice(words.length);
  const foreign = Object.keys(values).find((option) => !(option in TARGET) && !options.includes(option as keyof typeof OPTIONS));
  if (foreign !== undefined) throw new Error(`${name} takes no --${foreign}.`);
  if (given.length < needs.length) throw new Error(`${name} needs ${needs.slice(given.length).join(' and ')}.`);
  if (given.length > needs.length) throw new Error(`${name} takes no “${given.slice(needs.length).join(' ')}”.`);
  const missing = must.filter((option) => !(option in values));
  if (missing.length > 0) throw new Error(`${name} needs ${missing.map((option) => `--${option}`).join(' and ')}.`);
  if (oneOf.length > 0 && oneOf.flatMap((option) => values[option as keyof typeof values] ?? []).length !== 1) {
    throw new Error(`${name} needs ${oneOf.map((option) => `--${option}`).join(' or ')}, once.`);
  }
  const wrong = fault(values);
  if (wrong !== null) throw new Error(wrong);
  return { run: command.run, given, options: values };
};
