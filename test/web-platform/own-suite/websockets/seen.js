// What scripts see of a WebSocket, event by event.
const address = (path) => `${location.origin.replace(/^http/, 'ws')}/${path}`;

const shown = async (data) => {
  if (data instanceof Blob) return ['Blob', data.type, ...new Uint8Array(await data.arrayBuffer())];
  return data instanceof ArrayBuffer ? ['ArrayBuffer', ...new Uint8Array(data)] : data;
};

/** Notes every event, and lets `acts` do something at the first of its kind; resolves at `close`. */
const followed = (socket, note, acts = {}) =>
  new Promise((resolve) => {
    const left = { ...acts };
    let noted = Promise.resolve();
    for (const type of ['open', 'message', 'error', 'close'])
      socket.addEventListener(type, (event) => {
        const { code, reason, wasClean, data, origin, lastEventId, bubbles, cancelable } = event;
        const { readyState, protocol, extensions } = socket;
        // While messages are under way, how many are left is a matter of speed.
        const bufferedAmount = type === 'message' ? undefined : socket.bufferedAmount;
        const seen = { code, reason, wasClean, origin, lastEventId, bubbles, cancelable, readyState, bufferedAmount, protocol, extensions };
        const act = left[type];
        delete left[type];
        noted = noted.then(async () => note(type, event.constructor.name, event.target === socket, { ...seen, data: await shown(data) }));
        act?.(event);
        if (type === 'close') resolve(noted);
      });
  });

/** What it throws. */
const thrown = (act) => {
  try {
    act();
    return 'nothing';
  } catch (error) {
    return [error.constructor.name, error.name];
  }
};

/** What the server saw of the end of the WebSocket of that name. */
const serverSaw = (name) =>
  new Promise((resolve) => {
    const socket = new WebSocket(address(`closed?${name}`));
    socket.onmessage = ({ data }) => {
      resolve(data);
      socket.close();
    };
    socket.onclose = () => resolve('not told');
  });

let count = 0;
/** One for each WebSocket: both runs, and all scopes, ask the same server. */
const newName = () => {
  count += 1;
  return `${Math.random().toString(36).slice(2)}-${count}`;
};

Object.assign(globalThis, { address, followed, thrown, serverSaw, newName });
