// A harness of our own for the runner: a subtest is a transcript of what a script saw, and passes when the script came to its end. It stands
// where the suite's stands and reports as that does.
(() => {
  const DEADLINE_MS = 20_000;
  const scripts = [];
  const callbacks = [];

  const written = async ([name, act]) => {
    const notes = [];
    const note = (...told) => notes.push(told);
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error('nothing more came')), DEADLINE_MS);
    });
    const ended = await Promise.race([(async () => act(note))().then(() => 0), late]).catch((error) => {
      note(String(error));
      return 1;
    });
    clearTimeout(timer);
    return { name, status: ended, message: JSON.stringify(notes) };
  };

  Object.assign(globalThis, {
    transcript: (name, act) => scripts.push([name, act]),
    setup: () => {},
    add_completion_callback: (callback) => callbacks.push(callback),
    results: async () => {
      const all = [];
      for (const script of scripts) all.push(await written(script));
      return all;
    },
    report: (all) => {
      for (const callback of callbacks) callback(all, { status: 0, message: null });
    },
  });
})();
