// What should have arrived, by the rules, and how what did arrive differs from it.
import { isDeepStrictEqual } from 'node:util';
import type { Got } from './raw-client.ts';
import type { Seen } from './recording-origin.ts';
import { type Place, type Refusal, sorted, without } from './rule.ts';
import { RULES } from './rules.ts';

export interface Observed {
  readonly seen: readonly Seen[];
  readonly got: Got;
}

export interface Comparison {
  /** Rules without which it would have differed. */
  readonly used: readonly string[];
  /** Empty: everything is as it should be. */
  readonly differences: readonly string[];
}

/** `askDirectly` is called where the request is not refused on the way: then there is something to compare. */
export const compareCase = async (place: Place, through: Observed, askDirectly: () => Promise<Observed>): Promise<Comparison> => {
  const used = new Set<string>();
  const refusal = refusalOf(place, used);
  if (refusal) return { used: [...used], differences: differencesOfRefusal(refusal, through) };

  const direct = await askDirectly();
  const [asked] = direct.seen;
  if (direct.seen.length !== 1 || !asked) throw new Error(`Asked directly, the origin saw ${direct.seen.length} requests.`);
  const apply = <Message>(message: Message, change: (rule: (typeof RULES)[number], message: Message) => Message | undefined): Message =>
    RULES.reduce((before, rule) => {
      const after = change(rule, before) ?? before;
      if (!isDeepStrictEqual(before, after)) used.add(rule.name);
      return after;
    }, message);

  const expectedSeen = apply(unframed(asked), (rule, seen) => rule.request?.(seen, place));
  const seen = through.seen.map((one) => apply(unframed(one), (rule, arrived) => rule.arrived?.(arrived)));
  const expectedGot = apply(without(direct.got, 'transfer-encoding'), (rule, got) => rule.answer?.(got, place));
  const got = apply(without(through.got, 'transfer-encoding'), (rule, answered) => rule.answered?.(answered));
  return {
    used: [...used],
    differences: [...differ('origin', [sorted(expectedSeen)], seen.map(sorted)), ...differ('user', sorted(expectedGot), sorted(got))],
  };
};

/** How the end of a body is told is compared by itself. */
const unframed = (seen: Seen): Seen => without(seen, 'content-length', 'transfer-encoding');

const refusalOf = (place: Place, used: Set<string>): Refusal | null => {
  for (const rule of RULES) {
    const refusal = rule.refuses?.(place) ?? null;
    if (refusal === null) continue;
    used.add(rule.name);
    return refusal;
  }
  return null;
};

const differencesOfRefusal = ({ status, body, reached }: Refusal, { seen, got }: Observed): string[] => [
  ...differ('user', { status, body: true }, { status: got.status, body: got.body.toString('latin1').includes(body) }),
  ...(reached || seen.length === 0 ? [] : [`origin: saw ${show(seen)}, and should have seen nothing`]),
];

const differ = (who: string, expected: unknown, actual: unknown): string[] =>
  isDeepStrictEqual(expected, actual) ? [] : [`${who}: expected ${show(expected)}\n${who}:   actual ${show(actual)}`];

const show = (value: unknown): string =>
  JSON.stringify(value, (_, part) =>
    part?.type === 'Buffer' ? `${Buffer.from(part.data).length} bytes ${Buffer.from(part.data).toString('latin1').slice(0, 80)}` : part,
  );
