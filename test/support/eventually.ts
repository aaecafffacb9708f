// For what becomes true within a time that the product promises and no event tells.

/** Tries again until `act` no longer throws; rethrows its last error at the deadline. */
export const eventually = async (deadlineMs: number, act: () => Promise<void>): Promise<void> => {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    try {
      return await act();
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
};
