// Whom a scenario asks and as whom, as the variables that its configuration reads: an application of the simulator, or of a deployed stack.
import { USERS } from '../simulator/identity-provider/users.ts';
import { type ReadyFile, readReadyFile } from '../simulator/ready-file.ts';
import { signIn, signInAt } from '../simulator/sign-in.ts';
import { type LoadOptions, refused } from './options.ts';

export interface LoadTarget {
  /** Without a final slash. */
  readonly LOAD_TARGET: string;
  readonly LOAD_COOKIE: string;
  readonly LOAD_USERNAME: string;
  readonly LOAD_PASSWORD: string;
  /** Empty: the deployment that SALLYPORT_CONTROL_ENDPOINT names. */
  readonly LOAD_READY_FILE: string;
  /** A shell's command that kills a connector. */
  readonly LOAD_KILL: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Signs in. Throws ERR_CONFIGURATION_INVALID, ERR_SIGN_IN_INVALID. */
export const findLoadTarget = (options: LoadOptions, env: Environment): Promise<LoadTarget> =>
  options.target === undefined ? simulated(options) : deployed(options.target, options, env);

const simulated = async ({ 'ready-file': file = '', application: wanted, user, scenario, kill }: LoadOptions): Promise<LoadTarget> => {
  const ready = readReadyFile(file);
  if (ready.certificate !== undefined) throw refused('The scenarios trust public authorities: start the simulator without --tls.');
  const application = ready.applications.find(({ name }) => wanted === undefined || name === wanted);
  if (!application) throw refused(`There is no application ${wanted}; there are ${ready.applications.map(({ name }) => name).join(', ')}.`);
  return {
    LOAD_TARGET: new URL(application.url).origin,
    LOAD_COOKIE: await signIn(ready, user, application.name),
    LOAD_USERNAME: user,
    LOAD_PASSWORD: USERS.find(({ username }) => username === user)?.password ?? '',
    LOAD_READY_FILE: file,
    LOAD_KILL: scenario === 'connector-loss' ? (kill ?? killOne(ready)) : '',
  };
};

const killOne = ({ connectors }: ReadyFile): string => {
  if (connectors.length < 2) throw refused('Of two connectors one is killed: start the simulator with --connectors 2.');
  return `kill -9 ${connectors.at(-1)!.pid}`;
};

const deployed = async (target: string, { scenario, kill }: LoadOptions, env: Environment): Promise<LoadTarget> => {
  const { LOAD_COOKIE: cookie = '', LOAD_USERNAME: username = '', LOAD_PASSWORD: password = '', LOAD_CODE: code } = env;
  const credentials = username !== '' && password !== '';
  if (!credentials && (cookie === '' || scenario === 'sign-in-storm')) {
    throw refused(
      'Set LOAD_USERNAME and LOAD_PASSWORD (and LOAD_CODE) for an identity provider that asks for them in plain forms, or LOAD_COOKIE to the ' +
        'Cookie header of a browser that is signed in; sign-in-storm needs the former.',
    );
  }
  if (scenario === 'connector-loss' && kill === undefined) throw refused('Give --kill COMMAND: what kills one of two connectors.');
  return {
    LOAD_TARGET: new URL(target).origin,
    LOAD_COOKIE: cookie === '' ? await signInAt(target, { username, password, code }) : cookie,
    LOAD_USERNAME: username,
    LOAD_PASSWORD: password,
    LOAD_READY_FILE: '',
    LOAD_KILL: kill ?? '',
  };
};
