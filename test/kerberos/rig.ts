// The connector's way to an application with single sign-on, without the rest of the connector: real helper, real origins.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../connector/clock.ts';
import { countingTickets } from '../../connector/kerberos/counting.ts';
import { forkHelper } from '../../connector/kerberos/fork-helper.ts';
import { Kerberos } from '../../connector/kerberos/kerberos.ts';
import { parseController } from '../../connector/kerberos/realms.ts';
import { Origins } from '../../connector/origin.ts';
import type { OriginCall } from '../../connector/ports.ts';
import { kerberosMethod } from '../../connector/single-sign-on/kerberos.ts';
import { ntlmMethod } from '../../connector/single-sign-on/ntlm.ts';
import { signingOn } from '../../connector/single-sign-on/sign-on.ts';
import { createLog } from '../../protocol/log.ts';
import type { KerberosSignOn } from '../../protocol/sign-on.ts';
import type { Domain } from '../support/active-directory/domain.ts';
import { built } from '../support/built.ts';
import { eventually } from '../support/eventually.ts';

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
  /** The helper's program. */
  readonly helper?: string;
  /** What the helper has in its environment beside what the connector gives it. */
  readonly environment?: Record<string, string>;
}

/** For a domain controller that has the machine for itself seldom; tests of one that is silent say less. */
const KDC_MS = 30_000;

export const createRig = ({
  domains,
  credentials,
  principals = [],
  deadlineMs = KDC_MS,
  helper = built('kerberos-helper.mjs'),
  environment = {},
}: RigOptions) => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-kerberos-'));
  const lines: Array<Record<string, unknown>> = [];
  const kerberos = new Kerberos({
    credentials,
    principals,
    controllers: domains.map(({ realm, controller }) => parseController(`${realm}=${controller}`)),
    deadlineMs,
    stateDirectory: folder,
    startHelper: (given) => forkHelper(helper)({ ...given, ...environment }),
    clock: systemClock,
    log: createLog({ write: (line) => lines.push(JSON.parse(line)) }),
  });
  const origins = new Origins({ connections: 64, connectTimeoutMs: 5_000, ca: null });
  let fetched = 0;
  const counting = countingTickets(kerberos, (source) => {
    if (source === 'fetched') fetched += 1;
  });
  const call = signingOn(origins.call, { kerberos: kerberosMethod(counting), ntlm: ntlmMethod(systemClock) });

  const request = async (url: string, fields: Partial<Pick<OriginCall, 'method' | 'body' | 'signOn'>>): Promise<Seen> => {
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
      ...fields,
    });
    const chunks: Uint8Array[] = [];
    for await (const chunk of answer.body) chunks.push(chunk);
    return {
      status: answer.status,
      user: answer.headers.find(([name]) => name.toLowerCase() === 'x-remote-user')?.[1],
      headers: answer.headers,
      text: Buffer.concat(chunks).toString(),
    };
  };

  return {
    kerberos,
    lines,
    /** Requests for which a domain controller was asked. */
    fetched: () => fetched,
    /** A user's request; the application must prove who it is unless `proof` says otherwise. */
    ask: (
      url: string,
      user: Partial<KerberosSignOn> & { identity: string },
      fields: Partial<Pick<OriginCall, 'method' | 'body'>> = {},
    ): Promise<Seen> =>
      request(url, {
        ...fields,
        signOn: { method: 'kerberos', service: 'HTTP/app.corp.example', sendOn: 'request', proof: 'required', ...user },
      }),
    /** The same without single sign-on. */
    plain: (url: string): Promise<Seen> => request(url, {}),
    /** Resolves when the connector has noticed that this helper has ended. */
    helperGone: (pid: number): Promise<void> =>
      eventually(10_000, async () => {
        await new Promise(setImmediate);
        if (kerberos.helperPid === pid) throw new Error(`${pid} is still there`);
      }),
    dispose: async () => {
      kerberos.close();
      await origins.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

export type Rig = ReturnType<typeof createRig>;
