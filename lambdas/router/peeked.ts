// A body whose first part can be looked at before it goes on its way.

export interface Peeked {
  /** Empty where there is no body. Throws what the body throws. */
  readonly first: () => Promise<Buffer>;
  readonly parts: () => AsyncGenerator<Buffer>;
}

export const peeked = (body: AsyncIterable<Buffer>): Peeked => {
  const iterator = body[Symbol.asyncIterator]();
  let start: Promise<IteratorResult<Buffer>> | null = null;
  const begin = (): Promise<IteratorResult<Buffer>> => {
    start ??= iterator.next();
    return start;
  };
  return {
    first: async () => {
      const { done, value } = await begin();
      return done ? Buffer.alloc(0) : value;
    },
    parts: async function* () {
      try {
        for (let next = await begin(); !next.done; next = await iterator.next()) yield next.value;
      } finally {
        await iterator.return?.();
      }
    },
  };
};
