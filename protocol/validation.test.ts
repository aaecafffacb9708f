// What is a frame and what is none, field by field: whatever passes here is believed by all that reads it.
import { describe, expect, test } from '@jest/globals';
import type { Frame } from './frames.ts';
import { isFrame, isSocketHead } from './validation.ts';

const EXCHANGE = 'exchange-1';
const LINK = { id: 'link', number: 0 };
const KERBEROS = { method: 'kerberos', service: 'HTTP/app', identity: 'alice', sendOn: 'request', proof: 'checked' };
const NTLM = { method: 'ntlm', connection: 'one' };
const FORM = { page: '/login', usernameField: null, passwordField: null, success: null, failure: null };
const PASSWORD = { method: 'password', application: 'wiki', sealed: 'x', owner: null, session: 's', form: null };
const UPGRADE = { protocols: ['chat'], maxAgeMs: 1, idleMs: 1 };
const REQUEST = {
  n: 0,
  connector: 'connector-1',
  application: 'wiki',
  user: null,
  method: 'GET',
  url: 'http://wiki/',
  headers: [['Host', 'wiki']],
  replyTo: 'reply',
  issuedAt: 0,
  timeoutMs: 0,
  verifyCertificate: true,
  hasBody: false,
  end: true,
};

/** What every frame of a type must have, and nothing else. */
const NEEDED: Readonly<Record<Frame['type'], Readonly<Record<string, unknown>>>> = {
  request: REQUEST,
  body: { n: 0, end: true },
  part: { offset: 0, until: 0, length: null, replyTo: 'reply' },
  credit: { received: 0, limit: 0 },
  'reply-to': { replyTo: 'reply', received: 0 },
  cancel: { code: 'ERR_X' },
  response: { n: 0, status: 200, headers: [], end: true },
  taken: { received: 0, taken: 0, length: null, over: false },
  progress: { received: 0 },
  moved: { tunnel: 'tunnel', received: 0 },
  error: { n: 0, code: 'ERR_X', message: '' },
  socket: { n: 0, parts: [], received: 0, limit: 0 },
  'socket-receipt': { received: 0, limit: 0 },
  'socket-lost': { link: LINK },
};

const frame = (type: Frame['type'], changes: Readonly<Record<string, unknown>> = {}) => ({
  type,
  exchange: EXCHANGE,
  ...NEEDED[type],
  ...changes,
});
const TYPES = Object.keys(NEEDED) as Frame['type'][];
const FIELDS = TYPES.flatMap((type) => Object.keys(NEEDED[type]).map((field) => [type, field] as const));

describe('an exchange’s id', () => {
  const withId = (exchange: unknown): boolean => isFrame(frame('body', { exchange }));

  test.each([8, 9, 63, 64])('may have %d characters', (length) => {
    expect(withId('a'.repeat(length))).toBe(true);
  });

  test.each([0, 1, 7, 65, 66, 1000])('has not %d', (length) => {
    expect(withId('a'.repeat(length))).toBe(false);
  });

  test('is base64url, and a text', () => {
    expect(withId('azAZ09-_')).toBe(true);
    const others = ['exchange.1', 'exchange 1', 'exchange/1', 'exchange+', ' exchange-1', 'exchange-1\n', 'exchänge', 12_345_678, null];
    expect(others.filter(withId)).toEqual([]);
    expect([['exchange-1'], { length: 10 }, undefined].filter(withId)).toEqual([]);
  });
});

describe('a frame of every type', () => {
  test.each(TYPES)('%s is one as it is', (type) => {
    expect(isFrame(frame(type))).toBe(true);
  });

  test.each(FIELDS)('%s is none without %s, or with another kind of it', (type, field) => {
    const wrong = [undefined, {}, [0], [['Host']], Number.NaN, -1, 0.5];

    expect(wrong.filter((value) => isFrame(frame(type, { [field]: value })))).toEqual([]);
  });

  test('is of a type that is known, and an object', () => {
    const wrong = [null, undefined, 'frame', 1, [], {}, frame('body', { type: 'surprise' }), frame('body', { type: 'constructor' })];

    expect(wrong.filter(isFrame)).toEqual([]);
    expect(isFrame({ ...frame('body'), type: ['body'] })).toBe(false);
  });
});

describe('numbers', () => {
  test.each(FIELDS.filter(([type, field]) => typeof NEEDED[type][field] === 'number' && !['n', 'status'].includes(field)))(
    '%s: %s counts from zero, as far as numbers are exact',
    (type, field) => {
      const accepted = (value: unknown): boolean => isFrame(frame(type, { [field]: value }));

      expect([0, 1, Number.MAX_SAFE_INTEGER].map(accepted)).toEqual([true, true, true]);
      expect([-1, Number.MAX_SAFE_INTEGER + 1, 0.5, '1', null, Number.POSITIVE_INFINITY].filter(accepted)).toEqual([]);
    },
  );

  test('a request and a response come first; body, error and socket frames are counted on', () => {
    const accepted = (type: Frame['type'], n: number): boolean => isFrame(frame(type, { n }));

    expect((['request', 'response'] as const).map((type) => accepted(type, 1))).toEqual([false, false]);
    expect((['body', 'error', 'socket'] as const).map((type) => accepted(type, 1))).toEqual([true, true, true]);
  });

  test('a status is that of a final response, or of a WebSocket', () => {
    const accepted = (status: unknown): boolean => isFrame(frame('response', { status }));

    expect([101, 200, 201, 598, 599].filter((status) => !accepted(status))).toEqual([]);
    expect([0, 100, 102, 199, 600, 1000, 200.5, '200', null, '101'].filter(accepted)).toEqual([]);
  });
});

describe('header fields', () => {
  const accepted = (headers: unknown): boolean => isFrame(frame('response', { headers }));

  test('are pairs of texts', () => {
    expect(
      [
        [],
        [['A', 'b']],
        [
          ['A', ''],
          ['A', 'b'],
        ],
      ].filter((headers) => !accepted(headers)),
    ).toEqual([]);
    const wrong = [
      {},
      'A: b',
      ['A: b'],
      ['AB'],
      [['A']],
      [['A', 'b', 'c']],
      [['A', 1]],
      [[1, 'b']],
      [['A', 'b'], null],
      [{ 0: 'A', 1: 'b', length: 2 }],
    ];
    expect(wrong.filter(accepted)).toEqual([]);
  });
});

describe('what not every sender knows', () => {
  const OPTIONAL: ReadonlyArray<readonly [type: Frame['type'], field: string, good: readonly unknown[], wrong: readonly unknown[]]> = [
    ['request', 'tunnel', ['t'], [null, 1]],
    ['request', 'idleTimeoutMs', [0, 5], [null, -1, '5']],
    ['request', 'codings', [[], ['gzip']], [null, 'gzip', [1], ['gzip', null]]],
    ['request', 'upload', [{ length: null }, { length: 0, owner: 'o' }], [null, {}, 'x', { length: -1 }, { length: 0, owner: null }]],
    [
      'request',
      'upgrade',
      [UPGRADE, { ...UPGRADE, protocols: [], owner: 'o' }],
      [
        null,
        {},
        { ...UPGRADE, protocols: 'chat' },
        { ...UPGRADE, protocols: [1] },
        { ...UPGRADE, maxAgeMs: -1 },
        { ...UPGRADE, idleMs: undefined },
        { ...UPGRADE, owner: null },
      ],
    ],
    [
      'request',
      'signOn',
      [
        KERBEROS,
        { ...KERBEROS, sendOn: 'challenge', proof: 'required' },
        NTLM,
        PASSWORD,
        { ...PASSWORD, owner: 'alice', form: FORM },
        { ...PASSWORD, form: { ...FORM, usernameField: 'u', passwordField: 'p', success: 's', failure: 'f' } },
      ],
      [
        null,
        'kerberos',
        {},
        { method: 'none' },
        { method: 'constructor' },
        { method: ['ntlm'], connection: 'one' },
        ...['sendOn', 'proof'].map((field) => ({ ...KERBEROS, [field]: 'never' })),
        ...['service', 'identity', 'sendOn', 'proof'].map((field) => ({ ...KERBEROS, [field]: undefined })),
        { method: 'ntlm' },
        ...['application', 'sealed', 'owner', 'session', 'form'].map((field) => ({ ...PASSWORD, [field]: undefined })),
        ...['page', 'usernameField', 'passwordField', 'success', 'failure'].map((field) => ({
          ...PASSWORD,
          form: { ...FORM, [field]: 1 },
        })),
        { ...PASSWORD, form: 'form' },
      ],
    ],
    ['body', 'coding', ['gzip'], [null, 1]],
    ['response', 'coding', ['gzip'], [null, 1]],
    ...(['response', 'error'] as const).map(
      (type) =>
        [
          type,
          'timings',
          [
            { verified: 0, sent: 0 },
            { verified: 1, connected: 2, answered: 3, sent: 4 },
          ],
          [null, 1, {}, { verified: 0 }, { sent: 0 }, { verified: 0, sent: 0, connected: -1 }, { verified: 0, sent: 0, answered: null }],
        ] as const,
    ),
    [
      'socket',
      'parts',
      [
        [['text', 0, false]],
        [
          ['binary', 1, true],
          ['text', 2, false],
        ],
      ],
      [
        null,
        ['text'],
        [['text', 0]],
        [['text', 0, false, 0]],
        [['other', 0, false]],
        [['text', -1, false]],
        [['text', 0, 0]],
        [{ length: 3 }],
      ],
    ],
    ['socket', 'close', [{ code: 1000, reason: '' }], [null, {}, { code: 1000 }, { code: -1, reason: '' }, { code: 1000, reason: null }]],
    ...(['socket', 'socket-receipt', 'socket-lost'] as const).map(
      (type) =>
        [type, 'link', [LINK], [null, {}, { id: 'link' }, { number: 0 }, { id: 1, number: 0 }, { id: 'link', number: -1 }]] as const,
    ),
  ];

  test.each(OPTIONAL.map(([type, field, ...values]) => [`${type}: ${field}`, type, field, ...values] as const))(
    '%s is checked where it is there',
    (_, type, field, good, wrong) => {
      const accepted = (value: unknown): boolean => isFrame(frame(type, { [field]: value }));

      expect(good.filter((value) => !accepted(value))).toEqual([]);
      expect(wrong.filter(accepted)).toEqual([]);
    },
  );
});

describe('the head of what a user sends over a WebSocket’s connection', () => {
  const HEAD = { parts: [], received: 0, limit: 0, tunnel: 'tunnel' };

  test('is one with all that it needs', () => {
    const good = [HEAD, { ...HEAD, n: 0, used: true, close: { code: 1000, reason: '' } }, { ...HEAD, used: false }];

    expect(good.filter((head) => !isSocketHead(head))).toEqual([]);
  });

  test.each([...Object.keys(HEAD), 'n', 'used', 'close'])('is none with another kind of %s', (field) => {
    const wrong = [{}, [0], -1, 0.5, null].map((value) => ({ ...HEAD, [field]: value }));

    expect(wrong.filter(isSocketHead)).toEqual([]);
  });

  test.each(Object.keys(HEAD))('is none without %s', (field) => {
    expect(isSocketHead({ ...HEAD, [field]: undefined })).toBe(false);
    expect([null, undefined, 'head', 1].filter(isSocketHead)).toEqual([]);
  });
});
