// Web applications that we did not write, started for a test. Each can be told its own address, which it then says wherever it can.

export interface WebApplication {
  /** Where it listens, ending with `/`. */
  readonly url: string;
  dispose(): Promise<void>;
}

/** What the connector is told, so that it finds an application by the name that only the application knows. */
export const connectTo = (internalUrl: string, { url }: WebApplication): string => {
  const { hostname, port } = new URL(internalUrl);
  return `${hostname}:${port || '80'}=${new URL(url).host}`;
};
