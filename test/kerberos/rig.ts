// The connector's way to an application with single sign-on, without the rest of the connector: real helper, real origins.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../connector/clock.ts';
import { Kerberos } from '../../connector/kerberos/kerberos.ts';
import { parseController } from '../../connector/kerberos/realms.ts';
import { Origins } from '../../connector/origin.ts';
import type { OriginCall } from '../../connector/ports.ts';
import { kerberosMethod } from '../../connector/single-sign-on/kerberos.ts';
import { signingOn } from '../../connector/single-sign-on/sign-on.ts';
import type { KerberosSignOn } from '../../protocol/frames.ts';
import { createLog } from '../../protocol/log.ts';
import type { Domain } from '../support/active-directory/domain.ts';
import { ROOT } from '../support/files.ts';

export interface Seen {
  readonly status: number;
  /** Whom the application took the request for. */
  readonly user: string | undefined;
  readonly headers: ReadonlyArray<readonly [string, string]>;
  readonly text: string;
}

export interface RigOptions {
  readonly domains: readonly Domain[];
  readonly credentials: string | undefined;
  readonly principals?: readonly string[];
  readonly deadlineMs?: number;
}

export const createRig = ({ domains, credentials, principals = [], deadlineMs = 5_000 }: RigOptions) => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-kerberos-'));
  const lines: Array<Record<string, unknown>> = [];
  const kerberos = new Kerberos({
    credentials,
    principals,
    controllers: domains.map(({ realm, controller }) => parseController(`${realm}=${controller}`)),
    deadlineMs,
    stateDirectory: folder,
    helper: join(ROOT, 'dist/kerberos-helper.mjs'),
    clock: systemClock,
    log: createLog({ write: (line) => lines.push(JSON.parse(line)) }),
  });
  const origins = new Origins({ connections: 64, connectTimeoutMs: 5_000, ca: null });
  const call = signingOn(origins.call, { kerberos: kerberosMethod(kerberos) });

  return {
    kerberos,
    lines,
    ask: async (
      url: string,
      user: Partial<KerberosSignOn> & { identity: string },
      request: Pick<Partial<OriginCall>, 'method' | 'body'> = {},
    ): Promise<Seen> => {
      const { origin, pathname } = new URL(url);
      const answer = await call({
        method: 'GET',
        origin,
        path: pathname,
        headers: [['Host', 'app.corp.example']],
        body: null,
        verifyCertificate: true,
        loopbackAllowed: true,
        connected: () => undefined,
        signal: new AbortController().signal,
        signOn: { method: 'kerberos', service: 'HTTP/app.corp.example', sendOn: 'request', proof: 'required', ...user },
        ...request,
      });
      const chunks: Uint8Array[] = [];
      for await (const chunk of answer.body) chunks.push(chunk);
      return {
        status: answer.status,
        user: answer.headers.find(([name]) => name.toLowerCase() === 'x-remote-user')?.[1],
        headers: answer.headers,
        text: Buffer.concat(chunks).toString(),
      };
    },
    dispose: async () => {
      kerberos.close();
      await origins.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

export type Rig = ReturnType<typeof createRig>;
