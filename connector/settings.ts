// Every setting of the connector: its name, what it may be, and what it is when nobody says. docs/connector.md has the same as a table.
import { hostname } from 'node:os';
import { z } from 'zod';
import { CONNECTOR_NAME } from '../protocol/enrolment.ts';
import { type AllowedOrigin, parseAllowedOrigin } from './allowlist.ts';
import { type ConnectTo, parseConnectTo } from './connect-to.ts';
import { type Controller, parseController } from './kerberos/realms.ts';
import { type ClientCertificateFile, parseClientCertificate, parseTlsMinimum, type TlsMinimum } from './origin-tls.ts';

/** Makes a schema of a parser that throws an Error saying what was expected. */
const parsed = <Input, Output>(schema: z.ZodType<Input>, parse: (value: Input) => Output) =>
  schema.transform((value, context): Output => {
    try {
      return parse(value);
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
      return z.NEVER;
    }
  });

/** A list whose every faulty entry is told. */
const each = <Entry>(parse: (text: string) => Entry) =>
  parsed(z.array(z.string()), (entries): Entry[] => {
    const faults: string[] = [];
    const read = entries.flatMap((entry) => {
      try {
        return [parse(entry)];
      } catch (error) {
        faults.push(`${entry}: ${(error as Error).message}`);
        return [];
      }
    });
    if (faults.length > 0) throw new Error(faults.join('; '));
    return read;
  });

const origins = each((text): AllowedOrigin => parseAllowedOrigin(text));
const connections = each((text): ConnectTo => parseConnectTo(text));
const clientCertificates = each((text): ClientCertificateFile => parseClientCertificate(text));
const tlsMinimums = each((text): TlsMinimum => parseTlsMinimum(text));
const controllers = each((text): Controller => parseController(text));
const principals = each((text): string => {
  if (/^[^@\s]+@[A-Z0-9.-]+$/.test(text)) return text;
  throw new Error('expected a principal with its realm in capitals, such as svc-sallyport@CORP.EXAMPLE');
});

const address = parsed(z.string(), (text): { host: string; port: number } | null => {
  if (text === 'off') return null;
  const match = /^(\[[\da-f:.]+\]|[^:[\]\s]+):(\d{1,5})$/i.exec(text);
  if (!match || Number(match[2]) > 65_535) throw new Error('expected host:port, such as 127.0.0.1:9470, or off');
  return { host: match[1]!.replace(/^\[(.*)\]$/, '$1'), port: Number(match[2]) };
});

const whole = (least: number, most: number) =>
  z
    .number({ error: 'expected a whole number' })
    .int('expected a whole number')
    .min(least, `at least ${least}`)
    .max(most, `at most ${most}`);

/** A machine's name, as far as it is one for a connector. */
const nameOf = (machine: string): string => {
  const name = machine
    .slice(0, 63)
    .replaceAll(/[^\w.-]/g, '-')
    .replaceAll(/^[^a-z0-9]+|[^a-z0-9]+$/gi, '');
  return CONNECTOR_NAME.test(name) ? name : 'connector';
};

const path = z.string().min(1, 'expected a path');
const paths = z.array(path);

export interface Setting {
  readonly schema: z.ZodType;
  /** As it would stand in the file; undefined where there is none. */
  readonly default?: unknown;
  /** How a flag's or a variable's text becomes what the file would hold. */
  readonly text: 'text' | 'number' | 'list';
  /** False for a secret: never a flag, because every user of the machine can read those. */
  readonly flag?: boolean;
  /** False where the file makes no sense. */
  readonly file?: boolean;
  readonly describe: string;
}

export const SETTINGS = {
  allow: {
    schema: origins,
    default: [],
    text: 'list',
    describe:
      'An origin that this connector may call: `http://wiki.corp:8080`, `https://*.corp.example`. Repeatable. Without any, nothing is allowed.',
  },
  connectTo: {
    schema: connections,
    default: [],
    text: 'list',
    describe:
      'Where an allowed origin is dialled, if not where its name leads: `wiki.corp:80=10.1.2.3:8080`. `Host` and certificate stay those of the name. Repeatable. Without any, names lead where they lead.',
  },
  stateDirectory: {
    schema: path,
    default: '/var/lib/sallyport',
    text: 'text',
    describe: 'Where the connector keeps its keys. Mode 0700; on a volume in a container.',
  },
  enrolmentCode: {
    schema: z.string(),
    text: 'text',
    flag: false,
    file: false,
    describe: 'The one-time code, for the first start. Ignored once enrolled.',
  },
  enrolmentCodeFile: { schema: path, text: 'text', describe: 'A file that holds the one-time code; `-` reads it from standard input.' },
  name: {
    schema: z
      .string()
      .regex(CONNECTOR_NAME, 'expected 1 to 63 letters, digits, dots, hyphens, underscores, and a letter or digit at both ends'),
    default: nameOf(hostname()),
    text: 'text',
    describe: 'What administrators call this connector. Told at enrolment. Default: the machine’s name.',
  },
  caFile: {
    schema: path,
    text: 'text',
    describe: 'Certificate authorities (PEM) to trust beside the well-known ones: your own, or that of a firewall that inspects TLS.',
  },
  healthAddress: {
    schema: address,
    default: '127.0.0.1:9470',
    text: 'text',
    describe: 'Where `/ready`, `/live` and `/metrics` are served; port 0 takes any, `off` none.',
  },
  logLevel: {
    schema: z.enum(['debug', 'info', 'warn', 'error'], { error: 'expected debug, info, warn or error' }),
    default: 'info',
    text: 'text',
    describe: '`debug`, `info`, `warn` or `error`.',
  },
  drainSeconds: {
    schema: whole(0, 900),
    default: 30,
    text: 'number',
    describe: 'How long running exchanges may take to end when the connector is stopped.',
  },
  exitAfterMinutes: {
    schema: whole(0, 10_080),
    default: 15,
    text: 'number',
    describe: 'The process ends with status 1 after this long without a tunnel, so that its service manager starts it anew; 0: never.',
  },
  memoryMegabytes: {
    schema: whole(16, 65_536),
    default: 512,
    text: 'number',
    describe: 'What exchanges may hold in memory together; beyond it new ones go to another connector.',
  },
  exchanges: {
    schema: whole(1, 100_000),
    default: 2_000,
    text: 'number',
    describe: 'Exchanges at once; beyond it new ones go to another connector.',
  },
  originConnections: { schema: whole(1, 10_000), default: 256, text: 'number', describe: 'Connections to one origin at once.' },
  originSockets: {
    schema: whole(1, 100_000),
    default: 2_000,
    text: 'number',
    describe: 'WebSockets to one origin at once; beyond it new ones go to another connector.',
  },
  originConnectSeconds: {
    schema: whole(1, 120),
    default: 10,
    text: 'number',
    describe: 'How long a connection to an origin may take to be made.',
  },
  clientCertificates: {
    schema: clientCertificates,
    default: [],
    text: 'list',
    describe:
      'A client certificate for an origin: `https://erp.corp=/etc/sallyport/erp.pem`, a PEM file with the certificate, its chain and its private key. Repeatable; `https://*.corp.example=…` covers every name below. Read at the start. Default: none.',
  },
  tlsMinimum: {
    schema: tlsMinimums,
    default: [],
    text: 'list',
    describe:
      'The oldest TLS version to speak with an origin: `https://old.corp=1.0`; 1.0 and 1.1 also allow the weak keys and hashes of their time. Repeatable. Default: 1.2.',
  },
  kerberosCredentials: {
    schema: path,
    text: 'text',
    describe:
      'Keytab of the account that signs users in to applications by Kerberos, or a credential cache that another program keeps fresh.',
  },
  kerberosPrincipals: {
    schema: principals,
    default: [],
    text: 'list',
    describe: 'Which of the keytab’s principals, one for each realm. Default: the first without a slash.',
  },
  kerberosKdcs: {
    schema: controllers,
    default: [],
    text: 'list',
    describe:
      'A domain controller: `CORP.EXAMPLE=dc1.corp.example`. Repeatable; those of a realm are tried in their order. Without any, DNS says.',
  },
  kerberosSeconds: {
    schema: whole(1, 60),
    default: 5,
    text: 'number',
    describe: 'How long domain controllers may take for one user’s ticket.',
  },
  vaultKeys: {
    schema: paths,
    default: [],
    text: 'list',
    describe:
      'A file with a key of the group’s vault (`npx sallyport vault create`), which opens the passwords that users have entered. Repeatable: while a key is replaced, both. Without any, none can be opened.',
  },
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof SETTINGS;

/** A setting that has no default may be absent. */
export type Config = {
  readonly [Name in SettingName]: (typeof SETTINGS)[Name] extends { default: unknown }
    ? z.infer<(typeof SETTINGS)[Name]['schema']>
    : z.infer<(typeof SETTINGS)[Name]['schema']> | undefined;
};

export const flagName = (setting: string): string => `--${setting.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

export const variableName = (setting: string): string =>
  `SALLYPORT_${setting.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
