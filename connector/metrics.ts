// What the connector counts, as Prometheus reads it (text format 0.0.4).

interface Metric {
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  /** The one label's name, if it has one. */
  readonly label?: string;
}

/** Every metric of the connector; docs/connector.md lists them. */
export const METRICS = {
  sallyport_tunnels: { type: 'gauge', help: 'Tunnels that are open.' },
  sallyport_exchanges_running: { type: 'gauge', help: 'Exchanges whose answer is not delivered yet.' },
  sallyport_sockets: { type: 'gauge', help: 'WebSockets that are open.' },
  sallyport_held_bytes: { type: 'gauge', help: 'Memory that exchanges hold.' },
  sallyport_exchanges_total: { type: 'counter', help: 'Exchanges that are over, by outcome.', label: 'outcome' },
  sallyport_frames_refused_total: { type: 'counter', help: 'Frames that were not acted on, by code.', label: 'code' },
  sallyport_posts_total: { type: 'counter', help: 'Attempts to post a frame to a router, by result.', label: 'result' },
  sallyport_kerberos_tickets_total: {
    type: 'counter',
    help: 'Tickets that requests went with, by where they came from: fetched from a domain controller, or kept.',
    label: 'source',
  },
} as const satisfies Record<string, Metric>;

export type MetricName = keyof typeof METRICS;

export class Metrics {
  readonly #counts = new Map<MetricName, Map<string, number>>();
  readonly #gauges = new Map<MetricName, () => number>();

  count(name: MetricName, label: string): void {
    const counts = this.#counts.get(name) ?? new Map<string, number>();
    this.#counts.set(name, counts.set(label, (counts.get(label) ?? 0) + 1));
  }

  gauge(name: MetricName, read: () => number): void {
    this.#gauges.set(name, read);
  }

  text(): string {
    return Object.entries(METRICS)
      .flatMap(([name, metric]) => [
        `# HELP ${name} ${metric.help}`,
        `# TYPE ${name} ${metric.type}`,
        ...this.#lines(name as MetricName, metric),
      ])
      .join('\n')
      .concat('\n');
  }

  #lines(name: MetricName, { label }: Metric): string[] {
    const gauge = this.#gauges.get(name);
    if (gauge) return [`${name} ${gauge()}`];
    // Labels are codes and words of ours: nothing in them needs escaping.
    return [...(this.#counts.get(name) ?? [])].map(([value, count]) => `${name}{${label}="${value}"} ${count}`);
  }
}
