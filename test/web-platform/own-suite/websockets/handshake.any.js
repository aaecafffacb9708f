// META: global=window,dedicatedworker,sharedworker
// META: script=seen.js

const fields = (query = '', protocols = []) =>
  new Promise((resolve) => {
    const socket = new WebSocket(address(`fields${query}`), protocols);
    socket.onmessage = ({ data }) => {
      resolve([data, socket.protocol, socket.url]);
      socket.close();
    };
    socket.onclose = () => resolve('closed');
  });

transcript('the server gets address, origin and subprotocols, and chooses one', async (note) => {
  note(await fields());
  note(await fields('?a=1&a=2&b=%20c', ['loud', 'chat']));
  note(await fields('', 'chat'));
  note(await fields('', ['loud']));
});

transcript('it gets the user and the password of the address when it asks for them', async (note) => {
  const { protocol, host } = new URL(address(''));
  const socket = new WebSocket(`${protocol}//us%20er:p%C3%A4ss@${host}/basic`);
  note(socket.url);
  socket.onmessage = ({ data }) => {
    note(data);
    socket.close();
  };
  await followed(socket, note);
});

transcript('of two, the second waits until the first is open', async (note) => {
  const order = [];
  const sockets = ['slow-open', 'echo', 'refuse', 'echo'].map((path) => {
    const socket = new WebSocket(address(path));
    for (const type of ['open', 'close']) socket.addEventListener(type, () => order.push(`${type} ${path}`));
    return socket;
  });
  await new Promise((resolve) => {
    sockets[3].onopen = resolve;
  });
  note(order);
  for (const socket of sockets) socket.close();
});
