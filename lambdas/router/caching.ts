// Answers of the stores, kept for CACHE_MS: the time after which a change is seen everywhere. Bounded; callers that come at once
// share one question. Directory and registry may be served a little longer while their table throttles; sessions never.
import { SallyportError } from '../../protocol/errors.ts';
import { CACHE_MS } from '../../protocol/limits.ts';
import type { ApplicationHere, Published, Registry, ServiceToken, ServiceTokens, Session, Sessions, Tunnel } from '../stores/records.ts';
import type { Clock, FindSession, ReadDirectory, ReadTunnels } from './ports.ts';

export interface CacheOptions<Value> {
  readonly load: (key: string) => Promise<Value>;
  readonly clock: Pick<Clock, 'now'>;
  readonly maxEntries: number;
  /** How much longer than CACHE_MS a value is served while the store cannot be read. @default 0 */
  readonly graceMs?: number;
  /** Whether a value is worth keeping. @default every one */
  readonly keep?: (value: Value) => boolean;
}

interface Entry<Value> {
  readonly value: Value;
  /** When the question was asked: what changed after that is not in the value. */
  readonly askedAt: number;
  /** Until then the store is left alone: it has just refused. */
  readonly spareUntil: number;
}

const GRACE_MS = 60_000;
const SPARE_MS = 2_000;

export class Cache<Value> {
  readonly #entries = new Map<string, Entry<Value>>();
  readonly #asked = new Map<string, Promise<Value>>();
  readonly #options: CacheOptions<Value>;

  constructor(options: CacheOptions<Value>) {
    this.#options = options;
  }

  get(key: string): Promise<Value> {
    const now = this.#options.clock.now();
    const entry = this.#entries.get(key);
    if (entry && (now - entry.askedAt < CACHE_MS || (now < entry.spareUntil && this.#inGrace(entry, now))))
      return Promise.resolve(entry.value);
    return this.#asked.get(key) ?? this.fresh(key);
  }

  /** From the store itself. */
  fresh(key: string): Promise<Value> {
    const askedAt = this.#options.clock.now();
    const asking: Promise<Value> = this.#options.load(key).then(
      (value) => {
        // An answer that `expire` or a later question has overtaken is not kept.
        if (this.#asked.get(key) === asking) {
          this.#asked.delete(key);
          this.#keep(key, { value, askedAt, spareUntil: 0 });
        }
        return value;
      },
      (error: unknown) => {
        if (this.#asked.get(key) === asking) this.#asked.delete(key);
        return this.#stale(key, error);
      },
    );
    this.#asked.set(key, asking);
    return asking;
  }

  /** The next reader asks the store. Should that be unable to answer, the value still serves for its grace. */
  expire(key: string): void {
    this.#asked.delete(key);
    const entry = this.#entries.get(key);
    if (entry) this.#entries.set(key, { ...entry, askedAt: Math.min(entry.askedAt, this.#options.clock.now() - CACHE_MS) });
  }

  #stale(key: string, error: unknown): Value {
    const now = this.#options.clock.now();
    const entry = this.#entries.get(key);
    const busy = error instanceof SallyportError && error.code === 'ERR_STORE_UNAVAILABLE';
    if (!busy || !entry || !this.#inGrace(entry, now)) throw error;
    this.#entries.set(key, { ...entry, spareUntil: now + SPARE_MS });
    return entry.value;
  }

  #inGrace({ askedAt }: Entry<Value>, now: number): boolean {
    return now - askedAt < CACHE_MS + (this.#options.graceMs ?? 0);
  }

  #keep(key: string, entry: Entry<Value>): void {
    this.#entries.delete(key);
    if (this.#options.keep?.(entry.value) === false) return;
    this.#entries.set(key, entry);
    // A map keeps the order of insertion: the first is the one that was read from the store longest ago.
    if (this.#entries.size > this.#options.maxEntries) this.#entries.delete(this.#entries.keys().next().value!);
  }
}

type Now = Pick<Clock, 'now'>;

/** Hosts without an application are remembered too: anyone can ask for such, and pages name many. */
export const cachedDirectory = (directory: ReadDirectory, clock: Now): ReadDirectory => {
  const common = { clock, maxEntries: 2_000, graceMs: GRACE_MS };
  const byHost = new Cache<readonly ApplicationHere[]>({ ...common, load: (host) => directory.applicationsOn(host) });
  const byAuthority = new Cache<readonly Published[]>({ ...common, load: (authority) => directory.publishedAt(authority) });
  return { applicationsOn: (host) => byHost.get(host), publishedAt: (authority) => byAuthority.get(authority) };
};

/** Connection ids are never given twice, so one that was gone stays gone, whatever the registry still says. */
const GONE_MAX = 1_000;
/** By then the connector of a dead tunnel has noticed and opened another, which is newer. */
const DOUBT_MS = 30_000;

export const cachedTunnels = (registry: Pick<Registry, 'tunnels' | 'connectors'>, clock: Now): ReadTunnels => {
  const gone = new Set<string>();
  /** Until when each is doubted. */
  const doubts = new Map<string, number>();
  const cache = new Cache<readonly Tunnel[]>({
    load: (group) => registry.tunnels(group),
    clock,
    maxEntries: 200,
    graceMs: GRACE_MS,
    // A connector that comes back is to be seen at once.
    keep: (tunnels) => tunnels.length > 0,
  });
  const known = async (reading: Promise<readonly Tunnel[]>) => (await reading).filter(({ connectionId }) => !gone.has(connectionId));
  return {
    tunnels: (group) => known(cache.get(group)),
    freshTunnels: (group) => known(cache.fresh(group)),
    forget: (group, connectionId) => {
      gone.add(connectionId);
      if (gone.size > GONE_MAX) gone.delete(gone.keys().next().value!);
      cache.expire(group);
    },
    doubt: (connectionId) => {
      doubts.set(connectionId, clock.now() + DOUBT_MS);
      if (doubts.size > GONE_MAX) doubts.delete(doubts.keys().next().value!);
    },
    trust: (connectionId) => void doubts.delete(connectionId),
    doubted: (connectionId) => (doubts.get(connectionId) ?? 0) > clock.now(),
    lastSeen: async (group) => {
      const seen = (await registry.connectors()).filter((connector) => connector.group === group).map(({ seenAt }) => seenAt);
      return seen.length === 0 ? null : Math.max(...seen);
    },
  };
};

/** As with sessions: only tokens that exist. */
export const cachedServiceTokens = (tokens: Pick<ServiceTokens, 'find'>, clock: Now): ((id: string) => Promise<ServiceToken | null>) => {
  const cache = new Cache<ServiceToken | null>({
    load: (id) => tokens.find(id),
    clock,
    maxEntries: 1_000,
    keep: (token) => token !== null,
  });
  return (id) => cache.get(id);
};

/** Only sessions that exist are kept: a stream of made-up cookies must not push them out. */
export const cachedSessions = (sessions: Pick<Sessions, 'find'>, clock: Now): FindSession => {
  const cache = new Cache<Session | null>({
    load: (id) => sessions.find(id),
    clock,
    maxEntries: 5_000,
    keep: (session) => session !== null,
  });
  return (id) => cache.get(id);
};
