// Whether a moment lies within opening hours, told in the wall-clock time of a zone (IANA names, daylight saving included).

export interface Hours {
  /** `mon` to `sun`. */
  readonly days: readonly Day[];
  /** `HH:MM`, inclusive. */
  readonly from: string;
  /** `HH:MM`, exclusive; before `from` it is that of the next day. */
  readonly to: string;
  readonly zone: string;
}

export const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Day = (typeof DAYS)[number];

export const isWithinHours = ({ days, from, to, zone }: Hours, at: number): boolean => {
  const { day, time } = wallClock(at, zone);
  if (from <= to) return days.includes(day) && time >= from && time < to;
  // A night belongs to the day on which it began.
  return (days.includes(day) && time >= from) || (days.includes(before(day)) && time < to);
};

export const isZone = (zone: string): boolean => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
};

const formats = new Map<string, Intl.DateTimeFormat>();

const wallClock = (at: number, zone: string): { readonly day: Day; readonly time: string } => {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-GB', { timeZone: zone, weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
    formats.set(zone, format);
  }
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
  return { day: String(parts.weekday).toLowerCase() as Day, time: `${parts.hour}:${parts.minute}` };
};

const before = (day: Day): Day => DAYS[(DAYS.indexOf(day) + DAYS.length - 1) % DAYS.length]!;
