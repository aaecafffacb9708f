// What a step tells Artillery, and hears from it.

export interface Events {
  emit(kind: 'counter' | 'histogram', name: string, value: number): void;
  on(kind: 'counter' | 'histogram', hear: (name: string, value: number) => void): void;
  on(kind: 'error', hear: (code: unknown) => void): void;
}

/** A user's variables. */
export type Context = Readonly<Record<string, unknown>>;

/** Tells how long it took. Whoever throws has failed: Artillery counts that by itself. */
export const measured = async <Result>(events: Events, histogram: string, act: () => Promise<Result>): Promise<Result> => {
  const from = performance.now();
  const result = await act();
  events.emit('histogram', histogram, performance.now() - from);
  return result;
};

/** What the runner has set. */
export const setting = (name: string): string => {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`${name} is not set: start scenarios by npm run load.`);
  return value;
};
