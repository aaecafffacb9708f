// What Lambda answers instead of a result when a function failed: its error object, as callers see it.

export interface ErrorObject {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}

/** A function failed: by its own error, by its process's end, or by its time. */
export class FunctionError extends Error {
  override readonly name = 'FunctionError';
  readonly described: ErrorObject;

  constructor(described: ErrorObject) {
    super(`${described.errorType}: ${described.errorMessage}`);
    this.described = described;
  }

  get payload(): string {
    return JSON.stringify(this.described);
  }
}

export const timedOut = (requestId: string, timeoutMs: number): FunctionError =>
  new FunctionError({
    errorType: 'Sandbox.Timedout',
    errorMessage: `RequestId: ${requestId} Error: Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`,
  });

export const exited = (requestId: string, how: string): FunctionError =>
  new FunctionError({ errorType: 'Runtime.ExitError', errorMessage: `RequestId: ${requestId} Error: Runtime exited with error: ${how}` });

export const responseTooLarge = (maxBytes: number): FunctionError =>
  new FunctionError({
    errorType: 'Function.ResponseSizeTooLarge',
    errorMessage: `Response payload size exceeded maximum allowed payload size (${maxBytes} bytes).`,
  });

/** The function closed its response stream, or its socket broke, before the end. */
export const responseBrokenOff = (requestId: string): FunctionError =>
  new FunctionError({
    errorType: 'Runtime.TruncatedResponse',
    errorMessage: `RequestId: ${requestId} Error: Response stream was broken off`,
  });

/** The error object that a runtime posted; anything else it posts counts as an error without description. */
export const parseErrorObject = (text: string): ErrorObject => {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && 'errorType' in value) return value as ErrorObject;
  } catch {
    // Not JSON: below.
  }
  return { errorType: 'Runtime.Unknown', errorMessage: 'Unknown application error occurred' };
};
