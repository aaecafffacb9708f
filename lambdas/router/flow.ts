// Whether anything moves in an answer that takes long: a session counts as used while its user waits for the first byte or is sent
// further ones, and not for an open stream in which nothing comes.

export interface Flow {
  /** Whether anything has moved since this was asked last. */
  inUse(): boolean;
  /** The parts as they come. */
  through(parts: AsyncIterable<Buffer>): AsyncIterable<Buffer>;
}

export const createFlow = (): Flow => {
  let begun = false;
  let moved = true;
  return {
    inUse: () => {
      const was = moved || !begun;
      moved = false;
      return was;
    },
    through: async function* (parts) {
      begun = true;
      for await (const part of parts) {
        moved = true;
        yield part;
      }
    },
  };
};
