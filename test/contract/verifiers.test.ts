// The verifiers of docs/verifiers, each run by its own language: it takes its application's assertion, and nothing else that anyone may bring.
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { decodeJwt, type JWTPayload, SignJWT } from 'jose';
import { publishedKeys, signingKey, toPem } from '../../lambdas/assertion/signing-keys.ts';
import { createAssertUser } from '../../lambdas/router/assertion.ts';
import { application, user } from '../../lambdas/router/testing/records.ts';
import type { AssertionSignOn } from '../../lambdas/stores/records.ts';
import { startChild } from '../support/child.ts';

const SECRET = 'a secret of a test';
const ISSUER = 'https://portal.example.com';
const AUDIENCE = 'https://wiki.apps.example.com/';
const HOUR_MS = 3_600_000;
const GSON = '/usr/share/java/gson.jar';
const FOLDER = join(import.meta.dirname, '../../docs/verifiers');

let server: Server;
let classes: string;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  server = createServer((_, response) => response.end(JSON.stringify({ keys: publishedKeys(SECRET, Date.now()) })));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  classes = mkdtempSync(join(tmpdir(), 'sallyport-verifiers-'));
  const { port } = server.address() as AddressInfo;
  env = { ...process.env, KEYS_URL: `http://127.0.0.1:${port}/.well-known/jwks.json`, ISSUER, AUDIENCE, NODE_OPTIONS: '' };
});
afterAll(() => {
  server.close();
  rmSync(classes, { recursive: true, force: true });
});

interface Asserted {
  readonly audience?: string;
  readonly format?: AssertionSignOn['format'];
  readonly secret?: string;
  readonly portalUrl?: string;
  readonly now?: number;
}

const asserted = async ({
  audience = AUDIENCE,
  format = 'sallyport',
  secret = SECRET,
  portalUrl = ISSUER,
  now = Date.now(),
}: Asserted = {}) => {
  const singleSignOn = { method: 'assertion', headers: {}, format, header: 'A', audience, claims: {} } as const;
  const assertUser = createAssertUser({ secret: async () => secret, portalUrl, now: () => now, newId: () => 'id' });
  return (await assertUser(application({ singleSignOn }), user()))[0]![1];
};

/** The same words, otherwise signed. */
const resigned = (claims: JWTPayload, header: { alg: string; kid?: string; jwk?: object }, key: Parameters<SignJWT['sign']>[0]) =>
  new SignJWT(claims).setProtectedHeader(header).sign(key);

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** What → token; those that are to be taken begin so. */
const brought = async (): Promise<Record<string, string>> => {
  const own = await asserted();
  const claims = decodeJwt(own);
  const [head, , signature] = own.split('.');
  const { kid, key } = signingKey(SECRET, Date.now());
  const foreign = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const publicPem = Buffer.from(toPem(publishedKeys(SECRET, Date.now())[1]!));
  return {
    'taken: its own': own,
    'taken: its own, in a list of audiences': await asserted({ format: 'cloudflare' }),
    'another application’s': await asserted({ audience: 'https://payroll.apps.example.com/' }),
    'another application’s, in a list of audiences': await asserted({
      format: 'cloudflare',
      audience: 'https://payroll.apps.example.com/',
    }),
    'one whose audience only begins alike': await asserted({ audience: `${AUDIENCE}admin/` }),
    'another tenant’s': await asserted({ portalUrl: 'https://portal.example.net' }),
    'an expired one': await asserted({ now: Date.now() - HOUR_MS }),
    'one of tomorrow': await asserted({ now: Date.now() + HOUR_MS }),
    'one that never ends': await resigned({ ...claims, exp: undefined }, { alg: 'ES256', kid }, key),
    'one of a foreign key': await asserted({ secret: 'another secret' }),
    'one of a foreign key that calls itself ours': await resigned(claims, { alg: 'ES256', kid }, foreign.privateKey),
    'one that brings its key along': await resigned(
      claims,
      { alg: 'ES256', jwk: foreign.publicKey.export({ format: 'jwk' }) },
      foreign.privateKey,
    ),
    'an unsigned one': `${encoded({ alg: 'none', typ: 'JWT' })}.${encoded(claims)}.`,
    'an unsigned one with our key’s name': `${encoded({ alg: 'none', kid })}.${encoded(claims)}.`,
    'one with the public key as a password': await resigned(claims, { alg: 'HS256', kid }, publicPem),
    'one with other words': `${head}.${encoded({ ...claims, username: 'root' })}.${signature}`,
    'one of zeros': `${head}.${encoded(claims)}.${Buffer.alloc(64).toString('base64url')}`,
    'none at all': 'nothing',
    'taken: its own, after all these': own,
  };
};

/** Each reads tokens line by line, and says for whom it takes them, or that it does not. */
const LANGUAGES: Readonly<Record<string, () => readonly [command: string, args: string[]]>> = {
  Node: () => [
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { createInterface } from 'node:readline';
       import { verify } from ${JSON.stringify(`file://${FOLDER}/verify.mjs`)};
       for await (const line of createInterface({ input: process.stdin }))
         console.log(await verify(line).then(({ email }) => email, ({ message }) => 'refused: ' + message));`,
    ],
  ],
  Python: () => [
    '/usr/bin/python3',
    [
      '-c',
      `import sys; sys.dont_write_bytecode = True; sys.path.insert(0, ${JSON.stringify(FOLDER)})
from verify import jwt, verify
for line in sys.stdin:
    try: print(verify(line.strip())["email"])
    except jwt.PyJWTError as error: print("refused:", error)`,
    ],
  ],
  Ruby: () => [
    'ruby',
    [
      '-r',
      `${FOLDER}/verify.rb`,
      '-e',
      `STDIN.each_line do |line|
         begin puts Assertion.verify(line.strip)['email']
         rescue JWT::DecodeError => error then puts "refused: #{error.message}"
         end
       end`,
    ],
  ],
  Perl: () => [
    'perl',
    [
      `-I${FOLDER}`,
      '-MAssertion',
      '-ne',
      'chomp; my $claims = eval { Assertion::verify($_) }; print $claims ? "$claims->{email}\n" : "refused: $@"',
    ],
  ],
  PHP: () => [
    'php',
    [
      '-r',
      `require '${FOLDER}/verify.php';
       while (($line = fgets(STDIN)) !== false) {
         try { echo verify(trim($line))['email'], "\\n"; } catch (Refused $refused) { echo 'refused: ', $refused->getMessage(), "\\n"; }
       }`,
    ],
  ],
  Java: () => {
    const { status, stderr } = spawnSync('javac', [
      '-cp',
      GSON,
      '-d',
      classes,
      `${FOLDER}/Assertion.java`,
      `${import.meta.dirname}/Verifying.java`,
    ]);
    if (status !== 0) throw new Error(`javac: ${stderr}`);
    return ['java', ['-XX:TieredStopAtLevel=1', '-cp', `${GSON}:${classes}`, 'Verifying']];
  },
};

test.each(Object.keys(LANGUAGES))('%s takes its application’s assertion, and no other token', async (language) => {
  const tokens = await brought();
  const [command, args] = LANGUAGES[language]!();

  const child = startChild(command, args, { env, input: `${Object.values(tokens).join('\n')}\n` });
  const code = await child.ended;

  const lines = child.output().trim().split('\n');
  const outcomes = Object.keys(tokens).map((what, index) => `${what}: ${lines[index]?.replace(/^refused: .*/, 'refused')}`);
  expect(outcomes).toEqual(Object.keys(tokens).map((what) => `${what}: ${what.startsWith('taken') ? 'alice@example.com' : 'refused'}`));
  expect([code, lines.length]).toEqual([0, Object.keys(tokens).length]);
});
