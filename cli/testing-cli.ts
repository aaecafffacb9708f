// For tests: the command line, run in this process against a testing API. What it says is kept, and each test has a folder.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from '@jest/globals';
import { main } from './main.ts';
import { type Asked, startTestingApi, type TestingApi } from './testing-api.ts';

/** What the clock says throughout. */
export const NOW = Date.parse('2026-11-24T10:00:00Z');

export interface TestingCli {
  readonly said: readonly string[];
  readonly complained: readonly string[];
  /** Of the API, so far. */
  readonly asked: readonly Asked[];
  /** Into the test's folder; answers the path. */
  write(name: string, content: unknown): string;
  run(...argv: string[]): Promise<number>;
  /** Against something that answers as a simulator's control API. */
  runAt(answers: Parameters<typeof startTestingApi>[0], ...argv: string[]): Promise<number>;
}

/** To be called once in a file of tests: it begins anew with each of them. */
export const createTestingCli = (): TestingCli => {
  let folder: string;
  let api: TestingApi | undefined;
  let said: string[];
  let complained: string[];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cli-'));
    said = [];
    complained = [];
  });
  afterEach(async () => {
    await api?.close();
    api = undefined;
    rmSync(folder, { recursive: true });
  });

  const write = (name: string, content: unknown): string => {
    writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
    return join(folder, name);
  };
  const run = (...argv: string[]) =>
    main(argv, { env: {}, say: (line) => void said.push(line), complain: (line) => void complained.push(line), now: () => NOW });
  return {
    get said() {
      return said;
    },
    get complained() {
      return complained;
    },
    get asked() {
      return api?.asked ?? [];
    },
    write,
    run,
    runAt: async (answers, ...argv) => {
      api = await startTestingApi(answers);
      const administrator = { accessKeyId: 'a', secretAccessKey: 'b' };
      const ready = write('ready.json', { controlApi: api.url, region: 'eu-central-1', administrator });
      return run(...argv, '--simulator', ready);
    },
  };
};
