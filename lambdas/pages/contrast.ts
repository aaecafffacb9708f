// Colours that stay readable: contrast as WCAG 2.2 defines it (§1.4.3, "relative luminance", "contrast ratio"). Colours are `#rrggbb`.

/** "Contrast (Minimum)", level AA, for text of any size. */
export const TEXT_CONTRAST = 4.5;
const MIX_STEPS = 40;
const BLACK = '#000000';
const WHITE = '#ffffff';

export const contrast = (one: string, other: string): number => {
  const [darker, lighter] = [luminance(one), luminance(other)].sort((left, right) => left - right) as [number, number];
  return (lighter + 0.05) / (darker + 0.05);
};

/** Black or white, whichever reads better on a colour: one of the two always has 4.5. */
export const textOn = (color: string): string => (contrast(color, WHITE) >= contrast(color, BLACK) ? WHITE : BLACK);

/** The colour as text on each of these backgrounds: as it is, or as little darker or lighter as makes it readable on all of them. */
export const readableOn = (color: string, ...backgrounds: readonly [string, ...string[]]): string => {
  const towards = textOn(backgrounds[0]);
  for (let step = 0; step < MIX_STEPS; step += 1) {
    const mixed = mix(color, towards, step / MIX_STEPS);
    if (backgrounds.every((background) => contrast(mixed, background) >= TEXT_CONTRAST)) return mixed;
  }
  return towards;
};

const channels = (color: string): number[] => [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));

const luminance = (color: string): number => {
  const [red, green, blue] = channels(color).map((channel) => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};

const mix = (color: string, other: string, share: number): string => {
  const others = channels(other);
  const mixed = channels(color).map((channel, index) => Math.round(channel + (others[index]! - channel) * share));
  return `#${mixed.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`;
};
