import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { ERRORS, type ErrorCode } from '../../protocol/errors.ts';
import { contrast } from './contrast.ts';
import { errorPage, errorProblem } from './error-answer.ts';
import { html } from './html.ts';
import { createLook, readLook } from './look.ts';
import { answerPage } from './page.ts';

const look = createLook({ name: 'Contoso <AG>', color: '#f5d90a', support: 'mailto:help@contoso.example' });
const failure = { code: 'ERR_NO_CONNECTOR' as const, id: 'r-1', time: 0 };

describe('a page', () => {
  test('allows its own style by hash and nothing else', () => {
    const { body, headers } = answerPage({ title: 'Hello', content: html`<p>there</p>`, look });

    const style = body.split('<style>')[1]?.split('</style>')[0] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(style).toContain('prefers-color-scheme:dark');
    expect(headers['Content-Security-Policy']).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
    );
    expect(body).not.toMatch(/<script|style=|onclick/);
  });

  test('has the tenant’s name and colour; where the colour is text or lies under text, it is made readable', () => {
    const { body } = answerPage({ title: 'Hello', content: html``, look });

    const accents = [...body.matchAll(/--accent:(#[0-9a-f]{6});--on-accent:(#[0-9a-f]{6})/g)].map(([, accent, text]) => [accent!, text!]);
    expect(body).toContain('<p class="tenant">Contoso &lt;AG&gt;</p>');
    expect(body).toContain('--brand:#f5d90a');
    expect(accents).toHaveLength(2);
    expect(contrast(accents[0]![0]!, '#ffffff')).toBeGreaterThanOrEqual(4.5);
    expect(contrast(accents[1]![0]!, '#11161c')).toBeGreaterThanOrEqual(4.5);
    for (const [accent, text] of accents) expect(contrast(accent!, text!)).toBeGreaterThanOrEqual(4.5);
  });
});

describe('the environment’s APPEARANCE', () => {
  test('is read as lib/ writes it', () => {
    expect(readLook('{"name":"Contoso <AG>","color":"#f5d90a","support":"mailto:help@contoso.example"}')).toEqual(look);
    expect(readLook('{"name":"x","color":null,"support":null}')).toMatchObject({ name: 'x', support: null });
  });

  test.each([
    '{"name":"x","color":"red;}","support":null}',
    '{"name":"x","color":null,"support":"javascript:alert(1)"}',
    '{"color":null,"support":null}',
  ])('is refused when it holds anything else: %s', (text) => {
    expect(() => readLook(text)).toThrow('deploy the stack again');
  });
});

describe('a failure', () => {
  test('is shown to people with its code, hop, time and id, and escaped', () => {
    const { statusCode, headers, body } = errorPage(failure, look);

    expect(statusCode).toBe(503);
    expect(headers).toMatchObject({ 'Retry-After': '5', 'Cache-Control': 'no-store', 'Content-Type': 'text/html; charset=utf-8' });
    for (const part of ['ERR_NO_CONNECTOR', '<dd>tunnel</dd>', '1970-01-01T00:00:00.000Z', 'r-1', 'Contoso &lt;AG&gt;', 'try again'])
      expect(body).toContain(part);
  });

  test('leads to help: a mail that has the code, the id and the time already, or the address as it is', () => {
    const mail = errorPage(failure, look).body;
    const page = errorPage(failure, createLook({ name: 'x', color: null, support: 'https://help.example/?team=it&x' })).body;
    const none = errorPage(failure, createLook({ name: 'x', color: null, support: null })).body;

    expect(mail).toContain('href="mailto:help@contoso.example?subject=ERR_NO_CONNECTOR%20r-1%201970-01-01T00%3A00%3A00.000Z"');
    expect(page).toContain('href="https://help.example/?team=it&amp;x"');
    expect(none).not.toContain('Ask for help');
  });

  test('of maintenance asks to come back in minutes, not seconds', () => {
    expect(errorPage({ ...failure, code: 'ERR_MAINTENANCE' }, look).headers).toMatchObject({ 'Retry-After': '300' });
    expect(errorProblem({ ...failure, code: 'ERR_MAINTENANCE' }).headers).toMatchObject({ 'Retry-After': '300' });
  });

  test('is told to programs as a problem', () => {
    const { statusCode, headers, body } = errorProblem({ ...failure, detail: 'None of 2.' });

    expect([statusCode, headers['Content-Type']]).toEqual([503, 'application/problem+json']);
    expect(JSON.parse(body)).toEqual({
      type: 'urn:sallyport:error:ERR_NO_CONNECTOR',
      title: ERRORS.ERR_NO_CONNECTOR.message,
      status: 503,
      code: 'ERR_NO_CONNECTOR',
      hop: 'tunnel',
      detail: 'None of 2.',
      id: 'r-1',
      time: '1970-01-01T00:00:00.000Z',
    });
  });

  test.each(Object.keys(ERRORS) as ErrorCode[])('%s tells the user what to do', (code) => {
    const { body } = errorPage({ ...failure, code }, look);

    expect(body).toMatch(/Check|Open|ask|Ask|try again|come back|tell your administrator/);
  });
});
