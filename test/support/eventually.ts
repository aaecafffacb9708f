// For what becomes true within a time that the product promises and no event tells.

const PAUSE_MS = 50;

/** Tries again until `act` no longer throws; rethrows its last error at the deadline. */
export const eventually = async <Value>(deadlineMs: number, act: () => Promise<Value> | Value): Promise<Value> => {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    try {
      return await act();
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await new Promise((resume) => setTimeout(resume, PAUSE_MS));
  }
};
