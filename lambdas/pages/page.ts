// A whole page in the shared look, and the headers that every page goes out with.
import { createHash } from 'node:crypto';
import { type Html, html, markupOf, verbatim } from './html.ts';
import type { Look } from './look.ts';

export interface Page {
  readonly title: string;
  readonly content: Html;
  /** Shown at the top, beside the tenant: who is signed in, where to sign out. */
  readonly aside?: Html;
  readonly look: Look;
  /** A constant of ours: the policy allows exactly it. */
  readonly script?: string;
  /** Whether it shows pictures, which it brings along as `data:` URLs. */
  readonly images?: boolean;
  /** Whether its script asks its own host. */
  readonly connects?: boolean;
  /** Where a browser without scripts goes on by itself. */
  readonly withoutScripts?: string;
}

export interface PageAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface PageOptions {
  readonly status?: number;
  /** Where a form of the page may lead, redirects included: CSP checks each of them. */
  readonly formTargets?: readonly string[];
}

export const answerPage = (page: Page, { status = 200, formTargets = [] }: PageOptions = {}): PageAnswer => ({
  statusCode: status,
  headers: { ...SECURITY_HEADERS, 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': policy(page, formTargets) },
  body: markupOf(whole(page)),
});

/** For every answer of ours, page or not: nothing is cached, sniffed, framed or told on. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  // `no-referrer` would make browsers send `Origin: null` with our own forms (Fetch standard, "append a request Origin header").
  'Referrer-Policy': 'same-origin',
  // Browsers heed it over HTTPS only (RFC 6797 §8.1), so the simulator's plain HTTP is not affected.
  'Strict-Transport-Security': 'max-age=31536000',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
};

const policy = ({ look, script, images, connects }: Page, formTargets: readonly string[]): string =>
  [
    "default-src 'none'",
    `style-src 'sha256-${look.styleHash}'`,
    ...(script === undefined ? [] : [`script-src 'sha256-${createHash('sha256').update(script).digest('base64')}'`]),
    ...(connects === true ? ["connect-src 'self'"] : []),
    ...(images === true ? ['img-src data:'] : []),
    `form-action ${["'self'", ...formTargets].join(' ')}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');

/** The hashes in the policy are those of the characters of style and script: nothing may come between the tags. */
const whole = ({ title, content, aside, look, script, withoutScripts }: Page): Html => html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title} – ${look.name}</title>
${withoutScripts === undefined ? null : html`<noscript><meta http-equiv="refresh" content="0;url=${withoutScripts}"></noscript>`}
${verbatim(`<style>${look.style}</style>`)}
</head>
<body>
<header><p class="tenant">${look.name}</p>${aside ?? null}</header>
<main>
<h1>${title}</h1>
${content}
</main>
${script === undefined ? null : verbatim(`<script>${script}</script>`)}
</body>
</html>
`;
