// What an administrator reads when a port, an option or a tenant file is wrong, and that nothing has changed then.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { control, run, sallyport } from '../support/administrator.ts';
import { stranger } from '../support/user.ts';
import { startWorld, type World } from '../support/world.ts';

let world: World;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-bad-'));
  world = await startWorld();
}, 120_000);
afterAll(async () => {
  await world?.dispose();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

const tenantFile = (name: string, applications: string, further = ''): string => {
  const file = join(folder, name);
  const head = `tenant: local
domain: sallyport.localhost
${further}identityProviders:
  - id: local
    issuer: https://login.sallyport.localhost
    clientId: sallyport
applications:
`;
  writeFileSync(file, head + applications);
  return file;
};

const application = (id: string, externalUrl: string, internalUrl = `http://${id}.corp.example/`): string =>
  `  - id: ${id}
    name: ${id}
    externalUrl: ${externalUrl}
    internalUrl: ${internalUrl}
    access: everyone
`;

const WIKI = application('wiki', 'https://wiki.apps.sallyport.localhost/');

/** Each with what is told: where, what was expected, what came, what to do. */
const FAULTS: Record<string, { readonly file: () => string; readonly told: string }> = {
  'an unknown setting': {
    file: () => tenantFile('unknown.yaml', WIKI, 'sesions:\n  lifetime: 8h\n'),
    told:
      '- sesions, line 3, column 1: expected only known settings here, got the unknown setting "sesions". ' +
      'Correct its spelling or remove it; docs/configuration.md lists every setting.',
  },
  'two applications with one external URL': {
    file: () => tenantFile('twice.yaml', WIKI + application('other', 'https://WIKI.apps.sallyport.localhost')),
    told:
      '- applications[1].externalUrl, line 15, column 18: expected an external URL that no other application has, ' +
      'got https://wiki.apps.sallyport.localhost/, as applications[0].externalUrl has. Choose another name or path.',
  },
  'an internal URL that is none': {
    file: () => tenantFile('internal.yaml', application('wiki', 'https://wiki.apps.sallyport.localhost/', 'the wiki in hall 2')),
    told: '- applications[0].internalUrl, line 11, column 18: expected an http or https URL',
  },
};

describe('a tenant file is refused with file, line, setting and advice', () => {
  test.each(Object.keys(FAULTS))(
    '%s: applying it changes nothing',
    async (name) => {
      const { file, told } = FAULTS[name]!;
      const path = file();
      const before = await control(world).applications();

      const { status, output } = await sallyport(world, 'apply', path);

      expect(status).toBe(1);
      expect(output).toContain(`ERR_CONFIGURATION_INVALID: ${path} has one fault. Nothing was changed.\n${told}`);
      expect(await control(world).applications()).toEqual(before);
    },
    60_000,
  );

  test('`cdk synth` tells all faults at once and leaves no template', async () => {
    const path = tenantFile('all.yaml', application('wiki', 'https://wiki.apps.example.com/', 'http://') + WIKI, 'nope: 1\n');
    const outdir = join(folder, 'out');

    const { status, output } = await run('npx', 'cdk', 'synth', '--quiet', '--output', outdir, '-c', `tenant=${path}`);

    expect(status).toBe(1);
    expect(output).toContain(`ERR_CONFIGURATION_INVALID: ${path} has 4 faults. Nothing was changed.`);
    expect([...output.matchAll(/^- (\S+), line (\d+)/gm)].map(([, setting, line]) => [setting, line])).toEqual([
      ['nope', '3'],
      ['applications[0].externalUrl', '11'],
      ['applications[0].internalUrl', '12'],
      ['applications[1].id', '14'],
    ]);
    expect(output).not.toMatch(/^\s+at /m);
    expect(existsSync(join(outdir, 'manifest.json'))).toBe(false);
  }, 60_000);

  test('a file of another tenant', async () => {
    const path = join(folder, 'other.yaml');
    writeFileSync(path, readFileSync(tenantFile('same.yaml', WIKI), 'utf8').replace('tenant: local', 'tenant: other'));
    const before = await control(world).applications();

    const { status, output } = await sallyport(world, 'apply', path);

    expect(status).toBe(1);
    expect(output).toContain(`ERR_CONFIGURATION_INVALID: ${path} is for other (sallyport.localhost), but this deployment is local`);
    expect(await control(world).applications()).toEqual(before);
  }, 60_000);
});

test('the file that was started with is what is applied: to apply it again changes nothing', async () => {
  const { status, output } = await sallyport(world, 'apply', 'tenants/local.yaml');

  expect([status, output.trim()]).toEqual([0, 'The applications are already as the file says.']);
}, 60_000);

describe('`npm start` ends with 2', () => {
  /** With a folder of its own for temporary files, to see that none stay. */
  const start = async (...options: string[]) => {
    const temporary = mkdtempSync(join(folder, 'tmp-'));
    const said = await run('env', `TMPDIR=${temporary}`, process.execPath, '--import', 'tsx', 'simulator/main.ts', ...options);
    return { ...said, left: readdirSync(temporary).filter((name) => name.startsWith('sallyport')) };
  };

  test('when another program has the port, which goes on with its ready file', async () => {
    const { port } = new URL(world.ready.portal);

    const { status, output, left } = await start('--port', port, '--ready-file', world.readyFile);

    expect(status).toBe(2);
    expect(output).toContain(
      `ERR_CONFIGURATION_INVALID: The simulator cannot listen on port ${port} of 127.0.0.1: another program uses it. ` +
        'End that program, or choose another port with --port.',
    );
    expect(left).toEqual([]);
    expect(JSON.parse(readFileSync(world.readyFile, 'utf8'))).toEqual(world.ready);
    expect((await stranger.fetch(world.ready.portal, { headers: { accept: 'text/html', 'sec-fetch-mode': 'navigate' } })).status).toBe(303);
  }, 60_000);

  test.each<[string, string[], string]>([
    ['an option that there is not', ['--prot', '80'], "Unknown option '--prot'"],
    ['values that make no sense', ['--port', '80808', '--publish', 'x'], '--publish expects NAME=URL'],
    [
      'a name that is taken',
      ['--port', '0', '--assembly', 'dist/assembly', '--publish', 'intranet=http://127.0.0.1:1/'],
      '--publish intranet',
    ],
    ['a ready file that cannot be', ['--port', '0', '--ready-file', '/none/ready.json'], '--ready-file /none/ready.json cannot be written'],
    ['a tenant file that is none', ['--port', '0', '--tenant', '/none.yaml'], 'ERR_CONFIGURATION_INVALID: /none.yaml has one fault'],
    ['an assembly that was not built', ['--port', '0', '--assembly', '/none'], '/none/manifest.json is not there'],
  ])(
    'for %s',
    async (_, options, told) => {
      const { status, output, left } = await start(...options);

      expect([status, left]).toEqual([2, []]);
      expect(output).toMatch(/^ERR_CONFIGURATION_INVALID: /m);
      expect(output).toContain(told);
    },
    60_000,
  );
});

test.each<[string, string[], number, RegExp]>([
  ['a command that there is not', ['aply'], 2, /^ERR_CONFIGURATION_INVALID: There is no command “aply”\./],
  ['an application that is none', ['sign-in', 'nope'], 2, /^ERR_CONFIGURATION_INVALID: There is no command “sign-in nope”\./],
  [
    'a file that is not there',
    ['apply', '/none.yaml'],
    1,
    /^ERR_CONFIGURATION_INVALID: \/none\.yaml has one fault\. Nothing was changed\.\n- expected a readable file/,
  ],
  ['a group that is none', ['connector', 'enroll', '--group', 'Hall 2'], 1, /^ERR_REQUEST_INVALID: A group is expected: /],
  [
    'a connector that there is not',
    ['connector', 'remove', 'hall'],
    1,
    /^ERR_CONTROL_UNKNOWN: No connector has the id hall: `sallyport status` lists them\./,
  ],
])(
  '`npx sallyport` refuses %s',
  async (_, words, expected, told) => {
    const { status, output } = await sallyport(world, ...words);

    expect(status).toBe(expected);
    expect(output).toMatch(told);
  },
  60_000,
);
