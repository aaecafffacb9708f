// Who may start now, first come, first served: environments that start share this machine's cores, where each of AWS's has its own.

/** Takes a place, as soon as there is one, and gives back what frees it. */
export type TakeTurn = () => Promise<() => void>;

export const createTurns = (places: number): TakeTurn => {
  const waiting: Array<() => void> = [];
  let taken = 0;

  return async () => {
    if (taken < places) taken += 1;
    else await new Promise<void>((given) => waiting.push(given));

    let freed = false;
    return () => {
      if (freed) return;
      freed = true;
      const next = waiting.shift();
      if (next) next();
      else taken -= 1;
    };
  };
};
