// META: global=window,dedicatedworker
// META: script=seen.js

/** Closes as soon as it is open; notes what both sides saw. */
const closed = async (note, ...given) => {
  const name = newName();
  const socket = new WebSocket(address(`echo?${name}`));
  await followed(socket, note, {
    open: () => {
      socket.close(...given);
      note(socket.readyState);
    },
  });
  note(await serverSaw(name));
};

for (const given of [[], [undefined], [1000], [3000, 'thank you'], [4999, '€'.repeat(41)], ['3000'], [3456, '\ud800']])
  transcript(`closed with ${JSON.stringify(given)}`, (note) => closed(note, ...given));

transcript('codes and reasons that may not be are refused, and change nothing', async (note) => {
  const socket = new WebSocket(address('echo'));
  const wrong = [
    [0],
    [999],
    [1001],
    [1005],
    [2999],
    [5000],
    [65536 + 1000],
    [null],
    ['x'],
    [Number.NaN],
    [1000, 'x'.repeat(124)],
    [3000, '€'.repeat(42)],
  ];
  for (const given of wrong)
    note(
      given,
      thrown(() => socket.close(...given)),
      socket.readyState,
    );
  await followed(socket, note, { open: () => socket.close() });
});

for (const query of ['', '1000', '1000:done', '1001:away', '3000', '4321:€'])
  transcript(`the server closes with ${query || 'no code'}`, (note) => followed(new WebSocket(address(`close?${query}`)), note));

transcript('the server lets one wait for its close', (note) => {
  const socket = new WebSocket(address('slow-close'));
  return followed(socket, note, {
    open: () => {
      socket.close(3000, 'slow');
      note(socket.readyState);
    },
  });
});

transcript('both close', (note) => {
  const socket = new WebSocket(address('close?4000:first'));
  socket.onclose = () => socket.close(4001);
  return followed(socket, note, {});
});

for (const path of ['refuse', 'redirect', 'wrong-key', 'drop', 'drop?message', 'broken', 'no-close'])
  transcript(`it breaks off: ${path}`, (note) => {
    const socket = new WebSocket(address(path));
    return followed(socket, note, { open: () => path === 'no-close' && socket.close(3000) });
  });

transcript('closed before it is open', async (note) => {
  const socket = new WebSocket(address('never'));
  socket.close(3000, 'early');
  note(socket.readyState);
  socket.close();
  await followed(socket, note);
});

transcript('closed twice, and again when it is closed', async (note) => {
  const socket = new WebSocket(address('echo'));
  await followed(socket, note, {
    open: () => {
      socket.close(3001, 'once');
      socket.close(3002, 'twice');
    },
    close: () => socket.close(3003),
  });
  note(socket.readyState);
});

transcript('what comes after the page closed is not told', (note) => {
  const socket = new WebSocket(address('burst-at-close?5'));
  return followed(socket, note, { open: () => socket.close() });
});
