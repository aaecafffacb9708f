import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { ERRORS, type ErrorCode } from '../../protocol/errors.ts';
import { errorPage, errorProblem } from './error-answer.ts';
import { html } from './html.ts';
import { answerPage } from './page.ts';

const failure = { code: 'ERR_NO_CONNECTOR' as const, id: 'r-1', time: 0, tenant: 'Contoso <AG>' };

describe('a page', () => {
  test('allows its own style by hash and nothing else', () => {
    const { body, headers } = answerPage({ title: 'Hello', content: html`<p>there</p>` });

    const style = body.split('<style>')[1]?.split('</style>')[0] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(style).toContain('prefers-color-scheme:dark');
    expect(headers['Content-Security-Policy']).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
    );
    expect(body).not.toMatch(/<script|style=|onclick/);
  });
});

describe('a failure', () => {
  test('is shown to people with its code, hop, time and id, and escaped', () => {
    const { statusCode, headers, body } = errorPage(failure);

    expect(statusCode).toBe(503);
    expect(headers).toMatchObject({ 'Retry-After': '5', 'Cache-Control': 'no-store', 'Content-Type': 'text/html; charset=utf-8' });
    for (const part of ['ERR_NO_CONNECTOR', '<dd>tunnel</dd>', '1970-01-01T00:00:00.000Z', 'r-1', 'Contoso &lt;AG&gt;', 'try again'])
      expect(body).toContain(part);
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
    const { body } = errorPage({ ...failure, code });

    expect(body).toMatch(/Check|Open|ask|Ask|try again|tell your administrator/);
  });
});
