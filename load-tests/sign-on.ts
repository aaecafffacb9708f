// `npm run bench:sign-on [-- --requests N]`: fifty users at once, ten thousand requests by headers, by a sign-in page and by Kerberos, and the
// same requests without single sign-on. Prints how many went wrong, what was fetched, and how fast each was. Ends with 1 if any went wrong.
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { asSallyportError, SallyportError } from '../protocol/errors.ts';
import { domainImpossible } from '../test/support/active-directory/domain.ts';
import { type ManyUsers, type Round, startManyUsers } from '../test/support/many-users.ts';

const USERS = 50;
const REQUESTS = 10_000;
/** With and without take turns, so that a busy moment of the machine hits both alike. */
const TURNS = 5;

const main = async (args: readonly string[]): Promise<number> => {
  const requests = readRequests(args);
  const missing = domainImpossible();
  if (missing !== null) console.log(`Without Kerberos: it needs ${missing}.`);
  console.log(
    `${new Date().toISOString()} · ${cpus().length} × ${cpus()[0]?.model} · Node ${process.version} · load before: ${loadavg()[0]!.toFixed(1)}`,
  );
  const world = await startManyUsers(USERS, { withKerberos: missing === null });
  try {
    return (await measure(world, requests)) === 0 ? 0 : 1;
  } finally {
    await world.dispose();
  }
};

/** How many requests went wrong. */
const measure = async (world: ManyUsers, requests: number): Promise<number> => {
  const each = requests / USERS / TURNS;
  let mixUps = 0;
  console.log(`\n| ${USERS} users at once | requests | wrong | tickets fetched | requests/s | without single sign-on | ratio |`);
  console.log('| --- | --: | --: | --: | --: | --: | --: |');
  for (const { method, without } of world.pairs) {
    // Before it is measured: connections, and code that is not compiled yet. The first sign-ins are part of what is measured.
    await world.round([without], 2);
    const before = await world.tickets();
    const rounds: Round[] = [];
    const bare: Round[] = [];
    for (let turn = 0; turn < TURNS; turn += 1) {
      rounds.push(await world.round([method], each));
      bare.push(await world.round([without], each));
    }
    const { fetched } = await world.tickets();
    const wrong = [...rounds, ...bare].flatMap((round) => round.wrong);
    mixUps += wrong.length;
    for (const fault of wrong.slice(0, 5)) console.error(fault);
    const again = [...rounds, ...bare].reduce((sum, round) => sum + round.again, 0);
    if (again > 0) console.error(`${method}: the connector was silent for too long ${again} times; those users asked again.`);
    const [rate, bareRate] = [perSecond(rounds), perSecond(bare)];
    const row = [
      method,
      requests,
      wrong.length,
      method === 'kerberos' ? fetched - before.fetched : '',
      Math.round(rate),
      Math.round(bareRate),
    ];
    console.log(`| ${row.join(' | ')} | ${(rate / bareRate).toFixed(2)} |`);
  }
  console.log(`\n${mixUps} of all requests went wrong.`);
  return mixUps;
};

const perSecond = (rounds: readonly Round[]): number =>
  rounds.reduce((sum, { requests }) => sum + requests, 0) / rounds.reduce((sum, { seconds }) => sum + seconds, 0);

const readRequests = (args: readonly string[]): number => {
  const unit = USERS * TURNS;
  try {
    const text = parseArgs({ args: [...args], options: { requests: { type: 'string', default: String(REQUESTS) } } }).values.requests;
    const requests = Number(text);
    if (Number.isInteger(requests) && requests > 0 && requests % unit === 0) return requests;
  } catch {
    // Told below.
  }
  throw new SallyportError('ERR_CONFIGURATION_INVALID', `Give --requests N, a multiple of ${unit}, or nothing for ${REQUESTS}.`);
};

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    const { code, message } = asSallyportError(error);
    console.error(`${code}: ${message}`);
    process.exit(code === 'ERR_CONFIGURATION_INVALID' ? 2 : 1);
  },
);
