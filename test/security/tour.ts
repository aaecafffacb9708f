// A tour through everything that the product does for users, administrators, connectors and deployments, in steps that can be
// taken in any order and again. Each throws when it does not get what it came for.

import { randomUUID } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { seal } from '../../cli/commands/credentials.ts';
import type { ControlClient } from '../../cli/control-client.ts';
import { createWebUser, type WebUser } from '../../simulator/web-user.ts';
import { control } from '../support/administrator.ts';
import { eventually } from '../support/eventually.ts';
import { functionLog, logged } from '../support/logs.ts';
import { slowness } from '../support/patience.ts';
import { type PlayedConnector, type PlayedTunnel, playEnrolment } from '../support/played-connector.ts';
import { storedSession } from '../support/stored-session.ts';
import { stranger } from '../support/user.ts';
import { openUserSocket, tellRelay } from '../support/user-socket.ts';
import type { World } from '../support/world.ts';

export interface Step {
  readonly name: string;
  take(): Promise<void>;
}

export interface Tour {
  readonly steps: readonly Step[];
  dispose(): Promise<void>;
}

/** No application uses it: what a played connector opens there gets no user's request. */
const GROUP = 'tour';
const PICTURE_BYTES = 300_000;
const FORGOTTEN_MS = 10_000;
const ANSWER_MS = 10_000;
/** Longer than a router believes its memory. */
const REMEMBERED_MS = 20_000;
/** More than a tenth of the local tenant's `sessions.idle`, and less than its `sessions.refreshEvery`. */
const WHILE_MS = 10 * 60_000;

/** `vaultKey`: that of the world's connectors. */
export const createTour = async (world: World, vaultKey: string): Promise<Tour> => {
  const administrator = control(world);
  const intranet = world.url('intranet');
  const safeUrl = intranet.replace('intranet', 'safe');
  const user = await signedIn(world);
  const connector = await enrolled(administrator);
  const [found] = await administrator.applications();
  /** As in a tenant file. */
  const entry = (id: string) => ({
    id,
    name: id,
    externalUrl: `https://${found!.host.replace('intranet', id)}/`,
    internalUrl: found!.internalUrl,
    access: 'everyone',
    singleSignOn: { method: 'assertion', headers: { 'Remote-User': 'username', 'Remote-Name': 'name' } },
    tokens: { services: true },
    framedBy: ['https://frames.example'],
  });
  const safe = { ...entry('safe'), singleSignOn: { method: 'password', vaultKey }, tokens: undefined };
  await administrator.apply([entry('intranet'), safe]);
  const published = await administrator.applications();
  const further = { ...published[0]!, id: 'further', alternateHost: null, host: published[0]!.host.replace('intranet', 'further') };
  const resources = Object.entries(await world.control<Record<string, { type: string }>>('GET', '/resources'));
  const resourceOf = (wanted: string): string => resources.find(([, { type }]) => type === wanted)![0];

  let tokens = 0;

  const steps: Record<string, () => Promise<void>> = {
    'a user opens an application': async () => see(await user.open(intranet), 'Bob'),
    'a user opens a page of it': async () => see(await user.open(`${intranet}guestbook`), 'guestbook'),
    'a user signs in within a frame': async () =>
      see(await user.open(`${intranet}.sallyport/frame?challenge=${'c'.repeat(43)}`), 'data-code='),
    'a user uploads a picture': async () => {
      const form = new FormData();
      form.set('text', 'A picture');
      form.set('picture', new Blob([Buffer.alloc(PICTURE_BYTES, 7)], { type: 'image/png' }), 'a.png');
      const body = new Response(form);
      const { status } = await stranger.fetch(`${intranet}guestbook`, {
        method: 'POST',
        headers: { cookie: user.cookieFor(intranet), 'content-type': body.headers.get('content-type')! },
        body: Buffer.from(await body.arrayBuffer()),
      });
      if (status !== 303) throw new Error(`The upload was answered ${status}.`);
    },
    'a user sees the applications at the portal': async () => see(await user.open(world.ready.portal), 'intranet'),
    'an application reads the keys of assertions': async () => {
      const { status } = await stranger.fetch(`${world.ready.portal}.well-known/jwks.json`);
      if (status !== 200) throw new Error(`The application was answered ${status}.`);
    },
    'a user comes back after a while': async () => {
      const before = new Set((await administrator.sessions('bob')).map(({ id }) => id));
      const web = await signedIn(world);
      const [session] = (await administrator.sessions('bob')).filter(({ id }) => !before.has(id));
      const stored = await storedSession(world, session!.id);
      await stored.age(WHILE_MS);
      const cameAt = Date.now();
      await eventually(REMEMBERED_MS, async () => {
        see(await web.open(intranet), 'Bob');
        const { usedAt, refreshAt } = (await stored.read())!;
        if (!(Number(usedAt) >= cameAt && Number(refreshAt) > cameAt + WHILE_MS)) throw new Error('The session was not kept up with.');
      });
      await web.close();
    },
    'a user signs in to an application that speaks SAML': async () => {
      const records = {
        ...entry('records'),
        singleSignOn: { method: 'saml', entityId: 'https://records.example', acsUrls: [`${entry('records').externalUrl}acs`] },
      };
      await administrator.apply([entry('intranet'), safe, records]);
      see(await user.open(`${world.ready.portal}saml/idp/sso?${authnRequest('https://records.example')}`), 'name="SAMLResponse"');
      await administrator.apply([entry('intranet'), safe]);
    },
    'a user signs in': async () => (await signedIn(world)).close(),
    'a user opens a WebSocket, and it ends': async () => {
      const socket = await openUserSocket(`${intranet}chat/live`, { cookie: user.cookieFor(intranet) });
      const heard = new Promise<string>((resolve) => socket.listen((data) => resolve(Buffer.from(data).toString())));
      socket.send(Buffer.from('hello'), 'text');
      if (!(await within(heard)).includes('hello')) throw new Error('The chat did not say it.');
      socket.close(1000, '');
      await within(socket.closed);
      await logged(() => functionLog(world, 'sockets'), { event: 'socket.disconnected', exchange: socket.exchange });
    },
    'a user believes the connector to be elsewhere': async () => {
      const message = `${JSON.stringify({ parts: [], received: 0, limit: 0, tunnel: 'elsewhere', used: true })}\n`;
      const told = await tellRelay(`${intranet}chat/live`, { cookie: user.cookieFor(intranet) }, message);
      if (!told.includes('moved')) throw new Error(`The relay said ${told}.`);
    },
    'a program opens a WebSocket, and its service token is revoked': async () => {
      tokens += 1;
      const name = `listener-${tokens}`;
      const { token } = await administrator.createToken(name, ['intranet'], 1);
      const socket = await openUserSocket(`${intranet}chat/live`, { authorization: `Bearer ${token}` });
      await administrator.revokeToken(name);
      const { code, reason } = await within(socket.closed);
      if (code !== 1008) throw new Error(`The WebSocket ended with ${code} ${reason}.`);
    },
    'an administrator takes a user out of access, who has a WebSocket open': async () => {
      const socket = await openUserSocket(`${intranet}chat/live`, { cookie: user.cookieFor(intranet) });
      await administrator.apply([{ ...entry('intranet'), access: { users: ['alice'] } }, safe]);
      // Whatever goes wrong without a statement, what follows finds the applications as they were.
      const { code, reason } = await within(socket.closed).finally(() => administrator.apply([entry('intranet'), safe]));
      if (code !== 1008) throw new Error(`The WebSocket ended with ${code} ${reason}.`);
    },
    'a deployment takes a user out of access, who has a WebSocket open': async () => {
      const socket = await openUserSocket(`${intranet}chat/live`, { cookie: user.cookieFor(intranet) });
      const deploy = (applications: readonly object[]) =>
        world.control('PUT', `/resources/${resourceOf('Custom::SallyportApplications')}`, {
          properties: { Applications: JSON.stringify(applications) },
        });
      await deploy(published.map((one) => (one.id === 'intranet' ? { ...one, access: { users: ['alice'], groups: [] } } : one)));
      const { code, reason } = await within(socket.closed).finally(() => deploy(published));
      if (code !== 1008) throw new Error(`The WebSocket ended with ${code} ${reason}.`);
    },
    'a user signs out with a WebSocket open': async () => {
      const leaving = await signedIn(world);
      const socket = await openUserSocket(`${intranet}chat/live`, { cookie: leaving.cookieFor(intranet) });
      await leaving.submit(await leaving.open(`${world.ready.portal}sign-out`), {});
      const { code } = await within(socket.closed);
      if (code !== 1008) throw new Error(`The WebSocket ended with ${code}.`);
      await leaving.close();
    },
    'a user signs out': async () => {
      const leaving = await signedIn(world);
      await leaveCode(world, leaving);
      const atProvider = await leaving.submit(await leaving.open(`${world.ready.portal}sign-out`), {});
      see(await leaving.submit(atProvider, {}), 'You are signed out');
      see(await leaving.open(world.ready.portal), 'name="password"');
      await leaving.close();
    },

    'a program uses a service token': async () => {
      tokens += 1;
      const name = `robot-${tokens}`;
      const { token } = await administrator.createToken(name, ['intranet'], 1);
      const { status } = await stranger.fetch(`${intranet}whoami`, { headers: { authorization: `Bearer ${token}` } });
      if (status !== 200) throw new Error(`The program was answered ${status}.`);
      await administrator.revokeToken(name);
    },

    'a program guesses a service token': async () => {
      const { status } = await stranger.fetch(`${intranet}whoami`, { headers: { authorization: `Bearer sallyport_${'g'.repeat(43)}` } });
      if (status !== 401) throw new Error(`The guess was answered ${status}.`);
    },
    'a stranger guesses an enrolment code': async () => {
      const { status } = await stranger.fetch(`${world.ready.portal}connectors/enrol`, { method: 'POST', body: '{}' });
      if (status !== 400) throw new Error(`The guess was answered ${status}.`);
    },

    'a user enters a password for an application, which refuses it, and removes it': async () => {
      const place = `${world.ready.portal}credentials?application=safe`;
      const { owner } = await administrator.credentials('safe', { user: 'bob' });
      // A name that HTTP Basic cannot send: the connector says so.
      const sealed = await seal(vaultKey, { application: 'safe', owner, username: 'b:ob', password: `${Math.random()}` });
      see(await user.submit(await user.open(place), { sealed }), 'Entered');
      const { text } = await user.open(safeUrl);
      if (!text.includes('ERR_CREDENTIALS_REFUSED')) throw new Error(`The password was not refused: ${text.slice(0, 300)}`);
      await administrator.removeCredentials('safe', { user: 'bob' });
      see(await user.submit(await user.open(place), { sealed, remove: 'yes' }), 'Not entered yet');
      see(await user.submit(await user.open(place), { sealed }), 'Entered');
      see(await user.submit(await user.open(place), { remove: 'yes' }), 'Not entered yet');
    },
    'an administrator sets a password for a user': async () => {
      const { owner } = await administrator.credentials('safe', { user: 'bob' });
      await administrator.setCredentials(
        'safe',
        owner,
        await seal(vaultKey, { application: 'safe', owner, username: 'bob', password: 'x' }),
      );
      await administrator.removeCredentials('safe', { user: 'bob' });
    },

    'an administrator looks at the status': async () => {
      const { connectors, applications } = await administrator.status();
      if (connectors.length < 2 || !applications[0]?.reachable) throw new Error('The status lacks what is there.');
    },
    'an administrator publishes and withdraws an application': async () => {
      await administrator.apply([entry('intranet'), safe, entry('further')]);
      const { removed } = await administrator.apply([entry('intranet'), safe]);
      if (removed[0] !== 'further') throw new Error('Nothing was withdrawn.');
    },
    'an administrator asks what would be decided': async () => {
      const { outcome } = await administrator.decide('GET', intranet, { user: 'bob', groups: ['staff'] }, null);
      if (outcome !== 'allow') throw new Error(`The intranet would be refused: ${outcome}.`);
    },
    'an administrator ends a session': async () => {
      const before = new Set((await administrator.sessions('bob')).map(({ id }) => id));
      const ended = await signedIn(world);
      await leaveCode(world, ended);
      const socket = await openUserSocket(`${intranet}chat/live`, { cookie: ended.cookieFor(intranet) });
      const [session] = (await administrator.sessions('bob')).filter(({ id }) => !before.has(id));
      const { revoked } = await administrator.revokeSessions({ session: session!.id });
      if (revoked !== 1) throw new Error(`${revoked} sessions were revoked.`);
      await within(socket.closed);
      await ended.close();
    },
    'the identity provider ends a session': async () => {
      const { status } = await stranger.fetch(`${world.ready.portal}front-channel-logout?iss=https%3A%2F%2Flogin.example&sid=none`);
      if (status !== 200) throw new Error(`The provider was answered ${status}.`);
    },
    'an administrator looks for an exchange': async () => {
      const to = Date.now();
      await administrator.exchange('none', { from: to - 60_000, to, next: null });
    },
    'an administrator reads the audit': async () => {
      const to = Date.now();
      const { lines } = await administrator.audit({}, { from: to - 600_000, to, next: null });
      if (lines.length === 0) throw new Error('Nothing was audited.');
    },
    'a connector enrols, and is removed with its tunnel': async () => {
      const made = await enrolled(administrator);
      try {
        const tunnel = await made.dial();
        await asked(tunnel, 'hello', 'welcome');
        const { tunnelsLeftOpen } = await administrator.removeConnector(made.identity.connector);
        if (tunnelsLeftOpen > 0) throw new Error('A tunnel was left open.');
        await tunnel.closed;
      } finally {
        await made.dispose();
      }
    },

    'a connector dials, works and ends': async () => {
      const tunnel = await connector.dial();
      try {
        const { connectionId } = await asked(tunnel, 'hello', 'welcome');
        await asked(tunnel, 'heartbeat', 'alive');
        await asked(tunnel, 'probe', 'echo');
        await asked(tunnel, 'drain', 'drained');
        await tunnel.close();
        await eventually(FORGOTTEN_MS, async () => {
          const { connectors } = await administrator.status();
          const tunnels = connectors.find(({ id }) => id === connector.identity.connector)?.tunnels ?? [];
          if (tunnels.some((left) => left.connectionId === connectionId)) throw new Error('The registry has the tunnel still.');
        });
      } finally {
        await tunnel.close();
      }
    },

    'a deployment adds and removes an application': async () => {
      for (const applications of [[...published, further], published]) {
        await world.control('PUT', `/resources/${resourceOf('Custom::SallyportApplications')}`, {
          properties: { Applications: JSON.stringify(applications) },
        });
      }
    },
    'a deployment adds and removes a signing key': async () => {
      for (const SigningKeys of [['main', 'next'], ['main']]) {
        await world.control('PUT', `/resources/${resourceOf('Custom::SallyportSigningKeys')}`, { properties: { SigningKeys } });
      }
    },
  };

  return {
    steps: Object.entries(steps).map(([name, take]) => ({ name, take })),
    dispose: async () => {
      await Promise.all([user.close(), connector.dispose()]);
    },
  };
};

/** A browser that has signed in at the portal and the intranet. */
const signedIn = async (world: World): Promise<WebUser> => {
  const web = createWebUser();
  const { username, password } = world.ready.users.find((user) => user.username === 'bob')!;
  see(await web.submit(await web.open(world.url('intranet')), { username, password }), 'Bob');
  return web;
};

/** The portal hands a session over to an application, and the browser does not go there: the code is left. */
const leaveCode = async (world: World, web: WebUser): Promise<void> => {
  const query = new URLSearchParams({ to: world.url('intranet'), challenge: 'c'.repeat(43) });
  const { status } = await stranger.fetch(`${world.ready.portal}sign-in?${query}`, {
    headers: { cookie: web.cookieFor(world.ready.portal) },
  });
  if (status !== 303) throw new Error(`The portal handed nothing over: ${status}.`);
};

/** As an application sends it by way of the browser, unsigned. */
const authnRequest = (issuer: string): URLSearchParams => {
  const xml = `<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_${randomUUID()}" Version="2.0" IssueInstant="${new Date().toISOString()}"><saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">${issuer}</saml:Issuer></samlp:AuthnRequest>`;
  return new URLSearchParams({ SAMLRequest: deflateRawSync(xml).toString('base64') });
};

const enrolled = async (administrator: ControlClient): Promise<PlayedConnector> =>
  playEnrolment((await administrator.issueCode(GROUP)).code, 'tourist');

const asked = async (tunnel: PlayedTunnel, type: string, answer: string): Promise<Readonly<Record<string, unknown>>> => {
  const heard = await tunnel.ask({ type, version: '1' });
  if (heard.type !== answer) throw new Error(`${type} was answered ${JSON.stringify(heard)}`);
  return heard;
};

/** A WebSocket without a function to serve it says nothing. */
const within = <Value>(event: Promise<Value>): Promise<Value> => {
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error(`Nothing came within ${ANSWER_MS} ms.`)), ANSWER_MS * slowness()).unref();
  });
  return Promise.race([event, late]);
};

const see = ({ status, text }: { readonly status: number; readonly text: string }, wanted: string): void => {
  if (status !== 200 || !text.includes(wanted)) throw new Error(`“${wanted}” was expected, and ${status} came: ${text.slice(0, 300)}`);
};
