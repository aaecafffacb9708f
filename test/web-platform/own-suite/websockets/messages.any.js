// META: global=window,dedicatedworker
// META: script=seen.js

/** Sends all at once, and closes when as many have come back. */
const sent = (note, ...messages) => {
  const socket = new WebSocket(address('echo'));
  let back = 0;
  socket.onmessage = () => {
    back += 1;
    if (back === messages.length) socket.close();
  };
  return followed(socket, note, {
    open: () => {
      for (const message of messages) socket.send(message);
      note(socket.bufferedAmount);
    },
  });
};

transcript('texts come back as they were', (note) => sent(note, 'grüße 🌍', '', '\ufeffmarked', '\ud800 alone', 'a\u0000b'));

transcript('what is no text is made one', (note) => sent(note, null, undefined, 12, { toString: () => 'object' }, [1, 2]));

transcript('bytes come back as they were, in their order', (note) => {
  const bytes = new Uint8Array([0, 1, 2, 253, 254, 255]);
  return sent(
    note,
    bytes,
    bytes.subarray(2, 4),
    new DataView(bytes.buffer, 1, 2),
    bytes.buffer,
    new Blob([bytes], { type: 'a/b' }),
    'last',
  );
});

transcript('an empty buffer and an empty blob are messages', (note) => sent(note, new ArrayBuffer(0), new Blob([]), 'last'));

transcript('a buffer is sent as it was then', async (note) => {
  const bytes = new Uint8Array([1, 2, 3]);
  const socket = new WebSocket(address('echo'));
  socket.onmessage = () => socket.close();
  await followed(socket, note, {
    open: () => {
      socket.send(bytes);
      bytes.fill(9);
    },
  });
});

transcript('what is sent counts until it is gone, and for ever once it is closing', async (note) => {
  const socket = new WebSocket(address('echo'));
  note(
    thrown(() => socket.send('early')),
    thrown(() => socket.send()),
    socket.bufferedAmount,
  );
  await followed(socket, note, {
    open: () => {
      socket.send('€');
      note(socket.bufferedAmount);
      socket.close();
      socket.send('late');
      socket.send(new Uint8Array(10));
      socket.send(new Blob(['late']));
      note(socket.bufferedAmount);
    },
    close: () => {
      socket.send('later');
      note(socket.bufferedAmount);
    },
  });
});

transcript('the kind of bytes may change between messages, and no other kind is taken', async (note) => {
  const socket = new WebSocket(address('echo'));
  await followed(socket, note, {
    open: () => {
      for (const kind of ['arraybuffer', 'text', 'blob', '', null]) {
        socket.binaryType = kind;
        note(socket.binaryType);
      }
      socket.binaryType = 'arraybuffer';
      socket.send(new Uint8Array([1]));
    },
    message: () => {
      socket.binaryType = 'blob';
      socket.send(new Uint8Array([2]));
      socket.addEventListener('message', () => socket.close());
    },
  });
});

transcript('what comes together with the handshake is not lost, and comes before the end', (note) =>
  followed(new WebSocket(address('burst?20')), note),
);

transcript('bytes of another window are bytes', async (note) => {
  if (globalThis.document === undefined) return;
  const frame = document.body.appendChild(document.createElement('iframe'));
  const { ArrayBuffer: OtherBuffer, Uint8Array: OtherBytes, Blob: OtherBlob } = frame.contentWindow;
  await sent(note, new OtherBuffer(2), new OtherBytes([1, 2]), new OtherBlob(['three']), 'last');
});
