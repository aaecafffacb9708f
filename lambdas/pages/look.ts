// How our pages look to the tenant's users: its name, colour and link to help, as lib/ writes them into the environment's APPEARANCE.
import { createHash } from 'node:crypto';
import { SallyportError } from '../../protocol/errors.ts';
import { styleOf } from './style.ts';

export interface Look {
  /** The organisation, as users know it. */
  readonly name: string;
  /** https or mailto URL where users find help; null for none. */
  readonly support: string | null;
  readonly style: string;
  /** Of exactly these characters, base64: what the page's policy allows. */
  readonly styleHash: string;
}

export const createLook = ({ name, color, support }: { name: string; color: string | null; support: string | null }): Look => {
  const style = styleOf(color);
  return { name, support, style, styleHash: createHash('sha256').update(style).digest('base64') };
};

/** Throws ERR_CONFIGURATION_INVALID. */
export const readLook = (text: string): Look => {
  const { name, color, support } = JSON.parse(text) as Readonly<Record<string, unknown>>;
  const isColor = color === null || (typeof color === 'string' && /^#[0-9a-f]{6}$/i.test(color));
  const isSupport = support === null || (typeof support === 'string' && /^(?:https:\/\/|mailto:)/.test(support));
  if (typeof name !== 'string' || !isColor || !isSupport)
    throw new SallyportError('ERR_CONFIGURATION_INVALID', 'APPEARANCE must hold name, color and support: deploy the stack again.');
  return createLook({ name, color, support });
};
