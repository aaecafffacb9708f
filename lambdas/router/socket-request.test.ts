// Attack: the URL of a WebSocket leads past a condition, into our own paths or to another application, by being read in two ways.
import { describe, expect, test } from '@jest/globals';
import { disguises } from '../../policy/testing/disguises.ts';
import { application, HOST } from './testing/records.ts';
import { createRig } from './testing/rig.ts';

const noAdmin = { name: 'No admin', paths: ['/admin/'], methods: [], require: null, refuse: {} };

const ask = async (path: string) => {
  const rig = createRig();
  rig.applications.splice(0, 1, application({ conditions: [noAdmin] }), application({ id: 'other', path: '/other/' }));
  const headers = { Cookie: [rig.signIn()], 'Content-Type': ['application/json'] };
  const body = JSON.stringify({ url: `wss://${HOST}${path}` });
  const answer = await rig.answer({ httpMethod: 'POST', path: '/.sallyport/socket', headers, body });
  return { status: answer.status, received: rig.received };
};

/** Those that stay one: a URL ends at a fragment, and what is `/name` plainly is none. */
const disguised = (name: string) => disguises(name).filter((path) => new URL(`wss://${HOST}${path}`).pathname !== `/${name}`);

describe('a WebSocket is refused, and no connector asked,', () => {
  test.each([...disguises('admin'), '/admin/live', '/;%2fx/%61dmin/live'])('for %s, which a condition refuses', async (path) => {
    expect(await ask(path)).toEqual({ status: 403, received: [] });
  });

  test.each(['/.sallyport/socket', ...disguises('.sallyport')])('for %s, which is a reserved path', async (path) => {
    expect(await ask(path)).toEqual({ status: 400, received: [] });
  });

  test.each(disguised('other'))('for %s, which is another application to some server', async (path) => {
    expect(await ask(path)).toEqual({ status: 400, received: [] });
  });
});
