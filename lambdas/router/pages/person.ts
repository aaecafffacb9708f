/// <reference lib="dom" />
// Whether what a page sends comes of something that a person did. A worker sees nothing of it: there every message counts, as its requests do.

const ACTS = ['keydown', 'pointerdown', 'pointermove', 'wheel'];
/** So long afterwards a message is taken to come of it. */
const ACTED_MS = 60_000;

const { document } = globalThis as { readonly document?: Document };
let actedAt = Number.NEGATIVE_INFINITY;
for (const act of ACTS) {
  const noted = ({ isTrusted }: Event) => {
    if (isTrusted) actedAt = performance.now();
  };
  document?.addEventListener(act, noted, { capture: true, passive: true });
}

export const usedByPerson = (): boolean =>
  document === undefined || performance.now() - actedAt < ACTED_MS || navigator.userActivation?.isActive === true;
