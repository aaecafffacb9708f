// One application as the portal shows it: icon, name, description, and why it cannot be used, if so.
import { createHash } from 'node:crypto';
import { type Html, html } from '../pages/html.ts';
import { TILES } from '../pages/style.ts';
import type { ExternalUrls } from '../router/external-url.ts';
import type { Application } from '../stores/records.ts';
import { START_PATH } from './saml-idp/names.ts';

export interface Card {
  readonly application: Application;
  readonly usable: boolean;
  /** Nobody is there to ask. */
  readonly offline: boolean;
  /** Whether it is what the user searches for. */
  readonly found: boolean;
}

export const applicationCard = ({ application, usable, offline, found }: Card, urls: ExternalUrls): Html => {
  const { id, name, description } = application;
  const content = html`${iconOf(application)}<span class="about"><strong>${name}</strong>${usable ? markOf(application, offline) : NO_ACCESS}${description ? html`<span class="description">${description}</span>` : null}</span>`;
  return html`<li data-id="${id}"${found ? null : html` hidden`}>${
    usable
      ? html`<a class="application" href="${linkTo(application, urls)}">${content}</a>`
      : html`<div class="application">${content}</div>`
  }</li>
`;
};

const NO_ACCESS = html`<span class="mark">No access</span><span>Ask your administrator if you need it.</span>`;

const linkTo = ({ id, singleSignOn, host, path, homePath }: Application, urls: ExternalUrls): string => {
  if (singleSignOn.method === 'saml' && singleSignOn.unsolicited) return `${START_PATH}?application=${id}`;
  return singleSignOn.method === 'linked' ? singleSignOn.url : `${urls.origin(host)}${path}${homePath.replace(/^\/+/, '')}`;
};

/** Why the link would lead to no application just now. */
const markOf = ({ singleSignOn, maintenance }: Application, offline: boolean): Html | null => {
  if (singleSignOn.method === 'linked') return null;
  if (maintenance !== null)
    return html`<span class="mark">Under maintenance</span>${maintenance ? html`<span>${maintenance}</span>` : null}`;
  return offline ? html`<span class="mark">Offline</span>` : null;
};

/** Says nothing that the name does not. A picture is shown as an image, so what an SVG holds is drawn and never run. */
const iconOf = ({ id, name, icon }: Application): Html => {
  if (icon?.startsWith('data:')) return html`<img class="icon" alt="" width="44" height="44" src="${icon}">`;
  const tile = createHash('sha256').update(id).digest()[0]! % TILES.length;
  return html`<span class="icon tile${tile}" aria-hidden="true">${icon ?? initials(name)}</span>`;
};

const letters = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Of its first two words, or of its only one. */
const initials = (name: string): string =>
  name
    .split(/[\s\p{P}\p{S}]+/u)
    .filter((word) => word !== '')
    .slice(0, 2)
    .map((word) => [...letters.segment(word)][0]!.segment.toUpperCase())
    .join('') || name.slice(0, 1);
