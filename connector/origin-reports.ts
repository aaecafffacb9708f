// What this connector last knew of each origin: whether it could be reached, when, and whether a request or a probe showed it. Told with a
// heartbeat where something has changed, so that `sallyport status` tells the truth and an idle connector sends nothing more for it.
import type { ErrorCode, SallyportError } from '../protocol/errors.ts';
import { CLIENT_FRAME_MAX_BYTES, ORIGIN_REPORT_MS, ORIGIN_REPORTS_MAX } from '../protocol/limits.ts';
import { coversOrigin, isPattern } from '../protocol/origin-pattern.ts';
import type { OriginReport, WelcomeApplication } from '../protocol/tunnel-messages.ts';
import { type AllowedOrigin, findAllowed } from './allowlist.ts';
import type { ProbeOrigin } from './probe-origin.ts';

/** Probes at once: nobody waits for them. */
const LANES = 4;
/** What they may take of a heartbeat. */
const BYTES_MAX = CLIENT_FRAME_MAX_BYTES - 4096;

export interface OriginReportsPorts {
  readonly allowlist: readonly AllowedOrigin[];
  readonly probe: ProbeOrigin;
  /** The service's time. */
  readonly now: () => number;
  /** Some origin can, or cannot, be reached since now. */
  readonly changed: () => void;
}

interface Target {
  readonly origin: string;
  readonly verifyCertificate: boolean;
}

type Known = Target & Pick<OriginReport, 'at' | 'code' | 'probed'>;

const keyOf = ({ origin, verifyCertificate }: Target): string => `${verifyCertificate} ${origin}`;

export class OriginReports {
  readonly #ports: OriginReportsPorts;
  /** Origins of the group's applications. */
  #wanted = new Map<string, Target>();
  readonly #known = new Map<string, Known>();
  #delivered = new Map<string, OriginReport>();
  #probing = false;

  constructor(ports: OriginReportsPorts) {
    this.#ports = ports;
  }

  /** The applications of the group, as each welcome has them. What is known of others is forgotten. */
  use(applications: readonly WelcomeApplication[]): void {
    const targets = applications
      .filter(({ internalUrl }) => URL.canParse(internalUrl))
      .map(({ internalUrl, verifyCertificate = true }): Target => ({ origin: new URL(internalUrl).origin, verifyCertificate }));
    this.#wanted = new Map(targets.slice(0, ORIGIN_REPORTS_MAX).map((target) => [keyOf(target), target]));
    for (const [key, { origin }] of this.#known) {
      if (![...this.#wanted.values()].some((target) => coversOrigin(target.origin, origin))) this.#known.delete(key);
    }
    void this.#probe();
  }

  /** What a request has shown; null: it was reached. */
  note(target: Target, code: ErrorCode | null): void {
    this.#learn(target, code, false);
  }

  /** What goes with a heartbeat; null: nothing new. What has become old is tried meanwhile. */
  heartbeat(): readonly OriginReport[] | null {
    void this.#probe();
    return this.due();
  }

  /** What is to be told; null: nothing new. */
  due(): readonly OriginReport[] | null {
    const reports = this.#reports();
    const isNew = (report: OriginReport): boolean => {
      const before = this.#delivered.get(keyOfReport(report));
      return before === undefined || before.code !== report.code || report.at - before.at >= ORIGIN_REPORT_MS;
    };
    return reports.length !== this.#delivered.size || reports.some(isNew) ? reports : null;
  }

  /** The service has these. */
  delivered(reports: readonly OriginReport[]): void {
    this.#delivered = new Map(reports.map((report) => [keyOfReport(report), report]));
  }

  /** Failures first: should not all fit, they are what somebody looks for. */
  #reports(): OriginReport[] {
    const known = [...this.#known.values()].sort((one, other) => Number(other.code !== undefined) - Number(one.code !== undefined));
    let room = BYTES_MAX;
    const reports: OriginReport[] = [];
    for (const { verifyCertificate, ...report } of known) {
      const told = verifyCertificate ? report : { ...report, unverified: true as const };
      room -= JSON.stringify(told).length + 1;
      if (room < 0 || reports.length === ORIGIN_REPORTS_MAX) break;
      reports.push(told);
    }
    return reports;
  }

  #learn(target: Target, code: ErrorCode | null, probed: boolean): void {
    const key = keyOf(target);
    const before = this.#known.get(key);
    const { origin, verifyCertificate } = target;
    const known = {
      origin,
      verifyCertificate,
      at: Math.round(this.#ports.now()),
      ...(code && { code }),
      ...(probed && { probed: true as const }),
    };
    // A map keeps the order of insertion: the first is the one that nothing was heard of for longest.
    this.#known.delete(key);
    this.#known.set(key, known);
    if (this.#known.size > ORIGIN_REPORTS_MAX) this.#known.delete(this.#known.keys().next().value!);
    if (before === undefined || before.code !== known.code) this.#ports.changed();
  }

  /** Tries what was never tried, what failed, and what was reached long ago. */
  async #probe(): Promise<void> {
    if (this.#probing) return;
    this.#probing = true;
    const now = this.#ports.now();
    const targets = [...new Map<string, Target>([...this.#wanted, ...this.#known])].flatMap(([key, target]) => {
      const known = this.#known.get(key);
      return known === undefined || known.code !== undefined || now - known.at >= ORIGIN_REPORT_MS ? [target] : [];
    });
    const lane = async (): Promise<void> => {
      for (let target = targets.shift(); target !== undefined; target = targets.shift()) {
        const code = await this.#try(target);
        if (code !== undefined) this.#learn(target, code, true);
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    this.#probing = false;
  }

  /** Undefined where it cannot be tried: a wildcard names no host. */
  async #try({ origin, verifyCertificate }: Target): Promise<ErrorCode | null | undefined> {
    const allowed = findAllowed(this.#ports.allowlist, new URL(origin));
    if (allowed === null) return 'ERR_ORIGIN_NOT_ALLOWED';
    if (isPattern(origin)) return undefined;
    const error: SallyportError | null = await this.#ports.probe({ origin, verifyCertificate, loopbackAllowed: allowed.namesLoopback });
    return error?.code ?? null;
  }
}

const keyOfReport = ({ origin, unverified }: OriginReport): string => keyOf({ origin, verifyCertificate: unverified === undefined });
