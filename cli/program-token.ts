// The token with which a program speaks to applications: from the environment or a file, never from an argument, which every user of the machine can read.
import { readFile } from 'node:fs/promises';
import { SallyportError } from '../protocol/errors.ts';
import type { Environment } from './target.ts';

/** Throws ERR_CONFIGURATION_INVALID. */
export const tokenOf = async (env: Environment): Promise<string> => {
  const { SALLYPORT_TOKEN: token, SALLYPORT_TOKEN_FILE: file } = env;
  if (token !== undefined && token !== '') return token;
  if (file === undefined)
    throw invalid('Set SALLYPORT_TOKEN_FILE to a file with a service token or an access token, or SALLYPORT_TOKEN to one.');
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (cause) {
    throw new SallyportError('ERR_CONFIGURATION_INVALID', `The token file ${file} cannot be read.`, { cause });
  }
};

/** Throws ERR_CONFIGURATION_INVALID for an address that holds some. */
export const checkNoCredentials = ({ username, password }: URL): void => {
  if (username !== '' || password !== '')
    throw invalid('The URL holds credentials, which every user of the machine can read: leave them out.');
};

const invalid = (message: string): SallyportError => new SallyportError('ERR_CONFIGURATION_INVALID', message);
