// What a step tells Artillery.

export interface Events {
  emit(kind: 'counter' | 'histogram', name: string, value: number): void;
}

/** A user's variables. */
export type Context = Readonly<Record<string, unknown>>;

/** Tells how long it took. Whoever throws has failed: Artillery counts that by itself. */
export const measured = async (events: Events, histogram: string, act: () => Promise<unknown>): Promise<void> => {
  const from = performance.now();
  await act();
  events.emit('histogram', histogram, performance.now() - from);
};

/** What the runner has set. */
export const setting = (name: string): string => {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`${name} is not set: start scenarios by npm run load.`);
  return value;
};
