// META: global=window,dedicatedworker,sharedworker
// META: script=seen.js

transcript('its members are the browser’s, one by one', (note) => {
  const told = (value) => (typeof value === 'function' ? [value.name, value.length] : String(value));
  for (const holder of [WebSocket, WebSocket.prototype])
    for (const [name, { get, set, value, ...rest }] of Object.entries(Object.getOwnPropertyDescriptors(holder)))
      note(name, told(get), told(set), told(value), rest);
  const own = Object.getOwnPropertyDescriptor(globalThis, 'WebSocket');
  note(own.writable, own.enumerable, own.configurable, WebSocket.prototype.constructor === WebSocket);
});

transcript('its members refuse what is no WebSocket', (note) => {
  for (const [name, { get, set }] of Object.entries(Object.getOwnPropertyDescriptors(WebSocket.prototype))) {
    if (get)
      note(
        name,
        thrown(() => get.call({})),
      );
    if (set)
      note(
        name,
        thrown(() => set.call({}, 'blob')),
      );
  }
  note(
    thrown(() => WebSocket.prototype.send.call({}, '')),
    thrown(() => WebSocket.prototype.close.call({})),
  );
});

transcript('what cannot be opened is refused at once', (note) => {
  note(thrown(() => WebSocket(address('echo'))));
  note(thrown(() => new WebSocket()));
  for (const url of [
    '#part',
    'echo#',
    address('echo#part'),
    'ftp://x/',
    `ftp://${location.host}/`,
    'ws://a b/',
    'mailto:a',
    'ws://h:99999/',
  ])
    note(
      url,
      thrown(() => new WebSocket(url)),
    );
  for (const protocols of ['', 'a b', 'ä', 'a,b', '\u0000', ['a', 'a'], [''], ['a', null, 'null'], [{}]])
    note(
      protocols,
      thrown(() => new WebSocket(address('echo'), protocols)),
    );
  note(thrown(() => new WebSocket(Symbol('url'))));
});

transcript('addresses are resolved and told', (note) => {
  const given = [
    'echo',
    '/echo?a b',
    'echo?€',
    address('echo/../echo?%zz'),
    new URL(address('echo')),
    `${location.origin}/echo`,
    '?',
    null,
  ];
  for (const url of given) {
    const socket = new WebSocket(url);
    note(socket.url, socket.readyState, socket.protocol, socket.extensions, socket.binaryType, socket.bufferedAmount, String(socket));
    socket.close();
  }
});

transcript('classes of the page’s own can extend it, for whichever host', (note) => {
  class Mine extends WebSocket {
    constructor(url) {
      super(url);
      this.mine = true;
    }
    send() {
      return 'mine';
    }
  }
  for (const url of [address('echo'), 'ws://elsewhere.invalid/']) {
    const socket = new Mine(url);
    note(socket instanceof Mine, socket instanceof WebSocket, socket instanceof EventTarget, socket.mine, socket.send(), socket.readyState);
    note(new WebSocket(url) instanceof WebSocket, Object.keys(new WebSocket(url)));
    socket.close();
  }
});

transcript('handlers are kept, called in the place of the first, and need be no functions', async (note) => {
  const socket = new WebSocket(address('echo'));
  const called = [];
  const object = { handleEvent: () => called.push('object') };
  for (const value of [object, 2, null, undefined, 'text']) {
    socket.onopen = value;
    note(socket.onopen === value, socket.onopen === null);
  }
  socket.onopen = () => called.push('replaced');
  socket.addEventListener('open', () => called.push('listener'));
  socket.onopen = function (event) {
    called.push('handler', this === socket, event.type);
  };
  socket.addEventListener('open', object);
  await followed(socket, note, { open: () => socket.close() });
  note(called);
});
