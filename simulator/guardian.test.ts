import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const lives = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test('a frozen environment does not outlive a simulator that is killed', async () => {
  const fixture = fileURLToPath(new URL('./lambda/fixture/parent.ts', import.meta.url));
  const parent = spawn(process.execPath, ['--import', 'tsx', fixture], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [said] = await once(parent.stdout, 'data');
  const pid = Number(String(said));
  const livedBefore = lives(pid);

  parent.kill('SIGKILL');
  await once(parent, 'exit');
  const deadline = Date.now() + 10_000;
  while (lives(pid) && Date.now() < deadline) await new Promise((resolve) => setImmediate(resolve));

  expect(livedBefore).toBe(true);
  expect(lives(pid)).toBe(false);
});
