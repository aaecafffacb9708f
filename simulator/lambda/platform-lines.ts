// The lines that Lambda itself writes into a function's log: START, END and REPORT, as text or as JSON.
// Differs from AWS: no memory used is reported, as a worker thread's cannot be told from its process's.

export interface Report {
  readonly requestId: string;
  readonly durationMs: number;
  readonly billedMs: number;
  readonly memoryMegabytes: number;
  /** Only for the first invocation of an environment. */
  readonly initMs: number | null;
}

export interface PlatformLines {
  start(requestId: string): string;
  end(requestId: string): readonly string[];
  report(report: Report): string;
}

export const textLines: PlatformLines = {
  start: (requestId) => `START RequestId: ${requestId} Version: $LATEST`,
  end: (requestId) => [`END RequestId: ${requestId}`],
  report: ({ requestId, durationMs, billedMs, memoryMegabytes, initMs }) =>
    [
      `REPORT RequestId: ${requestId}`,
      `Duration: ${durationMs.toFixed(2)} ms`,
      `Billed Duration: ${billedMs} ms`,
      `Memory Size: ${memoryMegabytes} MB`,
      ...(initMs === null ? [] : [`Init Duration: ${initMs.toFixed(2)} ms`]),
    ].join('\t'),
};

export const jsonLines = (now: () => number): PlatformLines => {
  const line = (type: string, record: Record<string, unknown>) => JSON.stringify({ time: new Date(now()).toISOString(), type, record });
  return {
    start: (requestId) => line('platform.start', { requestId, version: '$LATEST' }),
    end: () => [],
    report: ({ requestId, durationMs, billedMs, memoryMegabytes, initMs }) =>
      line('platform.report', {
        requestId,
        metrics: {
          durationMs: Math.round(durationMs * 1000) / 1000,
          billedDurationMs: billedMs,
          memorySizeMB: memoryMegabytes,
          ...(initMs === null ? {} : { initDurationMs: Math.round(initMs * 1000) / 1000 }),
        },
      }),
  };
};
