// `npm run sign-in -- --ready-file FILE --user alice --application NAME`: through the real sign-in pages, then the `Cookie`
// header for curl and load tests on standard output.
import { parseArgs } from 'node:util';
import { createControlClient } from '../cli/control-client.ts';
import { asSallyportError, SallyportError } from '../protocol/errors.ts';
import { oneTimeCode, type TestUser, USERS } from './identity-provider/users.ts';
import { type ReadyFile, readReadyFile } from './ready-file.ts';
import { createWebUser, type Page, type WebUser, type WebUserOptions } from './web-user.ts';

/** Signs in at the application and gives its `Cookie` header's value. Throws ERR_SIGN_IN_INVALID when a page says no. */
export const signIn = async (ready: ReadyFile, username: string, application: string): Promise<string> => {
  const applications = await published(ready);
  const target = applications.find(({ name }) => name === application);
  if (!target)
    throw unknown(
      'application',
      application,
      applications.map(({ name }) => name),
    );
  const user = USERS.find((candidate) => candidate.username === username);
  if (!user)
    throw unknown(
      'user',
      username,
      USERS.map((candidate) => candidate.username),
    );

  if (target.url.includes('*'))
    throw new SallyportError('ERR_CONFIGURATION_INVALID', `${application} has no address of its own: ${target.url} stands for any name.`);
  return signInHere(ready, user, target.url);
};

/** At any address of the deployment. */
export const signInHere = ({ users, certificate }: ReadyFile, { username, password, ...user }: TestUser, url: string): Promise<string> => {
  const email = users.find((known) => known.username === username)?.email;
  return signInAt(
    url,
    { username, password, email, code: oneTimeCode({ username, password, ...user }) },
    { ca: certificate, allHere: true },
  );
};

/** Those of the start, and what was applied since. */
const published = async ({ applications, controlApi, region, administrator, portal }: ReadyFile): Promise<ReadyFile['applications']> => {
  const { protocol, port } = new URL(portal);
  const control = createControlClient({ endpoint: controlApi, region, credentials: async () => administrator });
  const applied = (await control.applications()).map(({ id, host, path }) => ({ name: id, url: `${protocol}//${host}:${port}${path}` }));
  return [...applications, ...applied.filter(({ name, url }) => !url.includes('*') && applications.every((known) => known.name !== name))];
};

export interface Credentials {
  readonly username: string;
  readonly password: string;
  /** By which one of several identity providers is chosen. */
  readonly email?: string | undefined;
  /** Of the second factor. */
  readonly code?: string;
}

/** The same at any deployment whose identity provider asks for these in plain forms. */
export const signInAt = async (
  url: string,
  { username, password, email, code }: Credentials,
  options: WebUserOptions = {},
): Promise<string> => {
  const web = createWebUser(options);
  try {
    let page = await web.open(url);
    if (email !== undefined) page = await answerForm(web, page, 'email', { email });
    page = await answerForm(web, page, 'password', { username, password });
    if (code !== undefined) page = await answerForm(web, page, 'code', { code });
    if (new URL(page.url).host !== new URL(url).host) {
      throw new SallyportError('ERR_SIGN_IN_INVALID', `The sign-in ended at ${page.url} with status ${page.status}: ${titleOf(page)}`);
    }
    return web.cookieFor(url);
  } finally {
    await web.close();
  }
};

/** Sends the form when the page has such a field; else the page as it is. */
const answerForm = (web: WebUser, page: Page, field: string, fields: Readonly<Record<string, string>>): Promise<Page> | Page =>
  page.text.includes(`name="${field}"`) ? web.submit(page, fields) : page;

const titleOf = (page: Page): string => /<title>([^<]*)/.exec(page.text)?.[1] ?? page.text.slice(0, 200);

const unknown = (kind: string, name: string, known: readonly string[]) =>
  new SallyportError('ERR_CONFIGURATION_INVALID', `There is no ${kind} ${name}; there are ${known.join(', ')}.`);

const OPTIONS = { 'ready-file': { type: 'string' }, user: { type: 'string' }, application: { type: 'string' } } as const;

const readOptions = (args: readonly string[]) => {
  let why = '';
  try {
    const { 'ready-file': readyFile, user, application } = parseArgs({ args: [...args], options: OPTIONS }).values;
    if (readyFile && user && application) return { readyFile, user, application };
  } catch (error) {
    why = `${error instanceof Error ? error.message : String(error)}. `;
  }
  throw new SallyportError('ERR_CONFIGURATION_INVALID', `${why}Give --ready-file FILE --user NAME --application NAME.`);
};

const main = async (): Promise<void> => {
  const { readyFile, user, application } = readOptions(process.argv.slice(2));
  process.stdout.write(`Cookie: ${await signIn(readReadyFile(readyFile), user, application)}\n`);
};

if (process.argv[1] === import.meta.filename) {
  main().catch((error: unknown) => {
    const { code, message } = asSallyportError(error);
    console.error(`${code}: ${message}`);
    process.exitCode = code === 'ERR_CONFIGURATION_INVALID' ? 2 : 1;
  });
}
