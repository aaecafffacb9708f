// OpenSSL's own server on loopback, for a file of tests: it speaks TLS in ways that Node's does not.
import { spawn } from 'node:child_process';
import { afterEach } from '@jest/globals';

const running: Array<ReturnType<typeof spawn>> = [];
afterEach(() => {
  for (const server of running.splice(0)) server.kill('SIGKILL');
});

/** Answers every request with a page; resolves the port once it listens. */
export const serveTls = async (...parameters: string[]): Promise<string> => {
  const server = spawn('openssl', ['s_server', '-accept', '127.0.0.1:0', '-www', ...parameters]);
  running.push(server);
  let said = '';
  for await (const chunk of server.stdout) {
    said += chunk;
    const port = /ACCEPT 127\.0\.0\.1:(\d+)/.exec(said)?.[1];
    if (port !== undefined) return port;
  }
  throw new Error(`openssl s_server does not listen: ${said}`);
};
