// Whom scenarios ask and as whom: an application of the simulator, or of a deployed stack; and which of them cannot run there.
import { readFileSync } from 'node:fs';
import { USERS } from '../simulator/identity-provider/users.ts';
import { type ReadyFile, readReadyFile } from '../simulator/ready-file.ts';
import { signIn, signInAt } from '../simulator/sign-in.ts';
import { type LoadOptions, refused, SCENARIOS } from './options.ts';
import type { LoadVariables } from './variables.ts';

export interface LeftOut {
  readonly scenario: string;
  readonly why: string;
}

export interface LoadTarget {
  readonly variables: Omit<LoadVariables, 'LOAD_SAMPLES'>;
  readonly scenarios: readonly string[];
  readonly leftOut: readonly LeftOut[];
  /** PEM to trust beside the public authorities. */
  readonly authority: string | null;
}

type Environment = Readonly<Record<string, string | undefined>>;
/** By scenario: what it lacks. */
type Obstacles = Readonly<Record<string, string | false>>;

/** Signs in. Throws ERR_CONFIGURATION_INVALID, also when a scenario that was asked for by name cannot run; ERR_SIGN_IN_INVALID. */
export const findLoadTarget = (options: LoadOptions, env: Environment): Promise<LoadTarget> =>
  options.target === undefined ? simulated(options) : deployed(options.target, options, env);

const simulated = async (options: LoadOptions): Promise<LoadTarget> => {
  const { 'ready-file': file = '', application: wanted, user, kill } = options;
  const ready = readReadyFile(file);
  const application = ready.applications.find(({ name }) => wanted === undefined || name === wanted);
  if (!application) throw refused(`There is no application ${wanted}; there are ${ready.applications.map(({ name }) => name).join(', ')}.`);
  const obstacles = {
    'connector-loss':
      kill === undefined &&
      ready.connectors.length < 2 &&
      'Of two connectors one is killed: start the simulator with --connectors 2, or give --kill COMMAND.',
  };
  return {
    ...choose(options, obstacles),
    authority: ready.certificate ?? null,
    variables: {
      LOAD_TARGET: new URL(application.url).origin,
      LOAD_COOKIE: await signIn(ready, user, application.name),
      LOAD_USERNAME: user,
      LOAD_PASSWORD: USERS.find(({ username }) => username === user)?.password ?? '',
      LOAD_READY_FILE: file,
      LOAD_KILL: kill ?? killOne(ready),
    },
  };
};

const killOne = ({ connectors }: ReadyFile): string => (connectors.length < 2 ? '' : `kill -9 ${connectors.at(-1)!.pid}`);

const deployed = async (target: string, options: LoadOptions, env: Environment): Promise<LoadTarget> => {
  const { LOAD_COOKIE: cookie = '', LOAD_USERNAME: username = '', LOAD_CODE: code, SALLYPORT_CONTROL_ENDPOINT: control = '' } = env;
  const password = passwordOf(env);
  const credentials = username !== '' && password !== '';
  if (!credentials && cookie === '') {
    throw refused(
      'Set LOAD_USERNAME and LOAD_PASSWORD or LOAD_PASSWORD_FILE (and LOAD_CODE) for an identity provider that asks for them in plain forms, ' +
        'or LOAD_COOKIE to the Cookie header of a browser that is signed in.',
    );
  }
  const obstacles = {
    'sign-in-storm':
      (!credentials && 'Set LOAD_USERNAME and LOAD_PASSWORD or LOAD_PASSWORD_FILE: its users bring no cookie.') ||
      (code !== undefined && 'A one-time code is good once: give LOAD_USERNAME of somebody without a second factor, and no LOAD_CODE.'),
    'reconnect-storm':
      control === '' && 'Set SALLYPORT_CONTROL_ENDPOINT, and credentials of AWS as the sallyport command takes them: it enrols connectors.',
    'connector-loss': options.kill === undefined && 'Give --kill COMMAND: what kills one of the two connectors that the application has.',
  };
  return {
    ...choose(options, obstacles),
    // Node's own NODE_EXTRA_CA_CERTS holds here as everywhere.
    authority: null,
    variables: {
      LOAD_TARGET: new URL(target).origin,
      LOAD_COOKIE: cookie === '' ? await signInAt(target, { username, password, code }) : cookie,
      LOAD_USERNAME: username,
      LOAD_PASSWORD: password,
      LOAD_READY_FILE: '',
      LOAD_KILL: options.kill ?? '',
    },
  };
};

const passwordOf = ({ LOAD_PASSWORD: password, LOAD_PASSWORD_FILE: file }: Environment): string => {
  if (password !== undefined || file === undefined) return password ?? '';
  try {
    return readFileSync(file, 'utf8').trimEnd();
  } catch (error) {
    throw refused(`LOAD_PASSWORD_FILE ${file} cannot be read (${(error as Error).message}).`);
  }
};

/** What was asked for by name is refused, what was not is left out. */
const choose = ({ scenarios }: LoadOptions, obstacles: Obstacles): Pick<LoadTarget, 'scenarios' | 'leftOut'> => {
  const leftOut = (scenarios ?? SCENARIOS).flatMap((scenario) => {
    const why = obstacles[scenario];
    return why ? [{ scenario, why }] : [];
  });
  if (scenarios !== null && leftOut[0]) throw refused(`${leftOut[0].scenario}: ${leftOut[0].why}`);
  return { leftOut, scenarios: (scenarios ?? SCENARIOS).filter((name) => !leftOut.some(({ scenario }) => scenario === name)) };
};
