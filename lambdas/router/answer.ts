// An answer of the router's own: a redirect, a page, a problem. Short, never cached.

import type { HeaderList } from '../../protocol/frames.ts';
import { SECURITY_HEADERS } from '../pages/page.ts';
import type { UserResponse } from './ports.ts';

export interface Answer {
  readonly status: number;
  readonly headers: HeaderList;
  readonly body: string;
}

export const redirect = (status: 302 | 303 | 308, location: string, headers: HeaderList = []): Answer => ({
  status,
  headers: [['Location', location], ...Object.entries(SECURITY_HEADERS), ...headers],
  body: '',
});

/** A script of ours for applications' pages, which a browser may keep for an hour. */
export const scriptAnswer = (source: string): Answer => ({
  status: 200,
  headers: [
    ...Object.entries(SECURITY_HEADERS).filter(([name]) => name.toLowerCase() !== 'cache-control'),
    ['Content-Type', 'text/javascript; charset=utf-8'],
    ['Cache-Control', 'public, max-age=3600'],
  ],
  body: source,
});

export const send = async (response: UserResponse, { status, headers, body }: Answer, method: string): Promise<void> => {
  response.begin(status, headers);
  if (body !== '' && method !== 'HEAD') await response.write(Buffer.from(body));
  await response.end();
};
