// The connector: composes its parts, runs until it is told to stop. `node connector.mjs --help` says how.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { asSallyportError, SallyportError } from '../protocol/errors.ts';
import { createLog, type Log } from '../protocol/log.ts';
import { readAuthorities } from './authorities.ts';
import { systemClock } from './clock.ts';
import { readConfig } from './config.ts';
import { doctor } from './doctor/command.ts';
import { enrol, parseEnrolmentCode } from './enrol.ts';
import { startHealth } from './health.ts';
import { helpText } from './help.ts';
import { type Identity, prepareDirectory, readIdentity, writeIdentity } from './identity.ts';
import { forkHelper } from './kerberos/fork-helper.ts';
import { logLines } from './log-lines.ts';
import { Metrics } from './metrics.ts';
import { createNetwork, type Network } from './network.ts';
import { startService } from './service.ts';
import type { Config } from './settings.ts';
import { VERSION } from './version.ts';

/** Beside this program, where both are built. */
const KERBEROS_HELPER = fileURLToPath(new URL('./kerberos-helper.mjs', import.meta.url));

const EXIT_FAILED = 1;
const EXIT_CONFIGURATION = 2;

const main = async (args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> => {
  if (args.includes('--help')) return say(helpText());
  if (args.includes('--version')) return say(`${VERSION}\n`);

  const write = logLines(process.stdout, (flush) => process.on('exit', flush));
  let log = createLog({ write });
  try {
    if (args[0] === 'doctor') return await examine(args.slice(1), env);
    const config = readConfig({ args, env, read: (path) => readFileSync(path, 'utf8') });
    log = createLog({ write, level: config.logLevel });
    const network = createNetwork({ env, extraCa: config.caFile === undefined ? null : readAuthorities(config.caFile) });
    const identity = (await readIdentity(config.stateDirectory)) ?? (await enrolNow(config, network, log));
    await run(config, identity, network, log.with({ connector: identity.connector }));
    return 0;
  } catch (failure) {
    const error = asSallyportError(failure);
    // Why it does not start is for whoever started it: words, once, and not a line of the log besides.
    process.stderr.write(`${error.code}: ${error.message}\n`);
    return error.code === 'ERR_CONFIGURATION_INVALID' ? EXIT_CONFIGURATION : EXIT_FAILED;
  }
};

const examine = async (args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> => {
  const healthy = await doctor({ args, env, startHelper: forkHelper(KERBEROS_HELPER), print: say });
  return healthy ? 0 : EXIT_FAILED;
};

const enrolNow = async (config: Config, network: Network, log: Log): Promise<Identity> => {
  const text = config.enrolmentCode ?? (config.enrolmentCodeFile === undefined ? undefined : readCodeFile(config.enrolmentCodeFile));
  if (text === undefined) {
    throw new SallyportError(
      'ERR_CONFIGURATION_INVALID',
      `${config.stateDirectory} holds no identity yet, and there is no enrolment code. Make one with \`npx sallyport connector enroll --group …\` ` +
        'and pass it in SALLYPORT_ENROLMENT_CODE or with --enrolment-code-file.',
    );
  }
  const code = parseEnrolmentCode(text);
  // A code works once: nothing may stand in the way of keeping what it brings.
  await prepareDirectory(config.stateDirectory);
  const identity = await enrol({ code, name: config.name, network, clock: systemClock });
  await writeIdentity(config.stateDirectory, identity);
  log.info('connector.enrolled', { connector: identity.connector, tenant: identity.tenant, group: identity.group });
  return identity;
};

const readCodeFile = (path: string): string => {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (cause) {
    throw new SallyportError('ERR_CONFIGURATION_INVALID', `--enrolment-code-file: ${(cause as Error).message}.`, { cause });
  }
};

const run = async (config: Config, identity: Identity, network: Network, log: Log): Promise<void> => {
  const metrics = new Metrics();
  const service = startService({
    config,
    identity,
    network,
    clock: systemClock,
    random: Math.random,
    log,
    metrics,
    startKerberosHelper: forkHelper(KERBEROS_HELPER),
  });
  const health = config.healthAddress
    ? await startHealth(config.healthAddress, { ready: () => service.supervisor.ready, metrics: () => metrics.text() })
    : null;
  log.info('connector.started', {
    version: VERSION,
    group: identity.group,
    health: health?.url,
    allow: config.allow.map(({ text }) => text),
    connectTo: config.connectTo.map(({ text }) => text),
  });
  if (config.allow.length === 0) log.warn('allowlist.empty', { hint: 'No origin is allowed: every request will be refused. Set --allow.' });

  const stop = (signal: NodeJS.Signals) => {
    log.info('connector.stopping', { signal });
    service.supervisor.stop();
    // Asked twice, it does not wait.
    process.once(signal, () => process.exit(EXIT_FAILED));
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  try {
    await service.supervisor.run();
    log.info('connector.stopped');
  } finally {
    await health?.close();
    await service.close();
    network.close();
  }
};

const say = (text: string): number => {
  process.stdout.write(text);
  return 0;
};

process.exitCode = await main(process.argv.slice(2), process.env);
// Whatever might still be open, the connector has ended.
process.exit();
