// Writes down each single measurement and failure with its time: Artillery's own report tells of ten seconds together.
import { openSync, writeSync } from 'node:fs';
import { type Context, type Events, setting } from './events.ts';

let listeningTo: Events | null = null;

/** Before each user's scenario; all users' events come together. */
export const record = async (_: Context, events: Events): Promise<void> => {
  if (listeningTo === events) return;
  listeningTo = events;
  const file = openSync(setting('LOAD_SAMPLES'), 'a');
  const write = (kind: string, name: string, value: number) => void writeSync(file, `${JSON.stringify([Date.now(), kind, name, value])}\n`);
  events.on('histogram', (name, value) => write('histogram', name, value));
  events.on('counter', (name, value) => write('counter', name, value));
  events.on('error', (code) => write('error', String(code), 1));
};
