// META: script=seen.js

transcript('cookies go with the handshake, and come with its answer', async (note) => {
  // biome-ignore lint/suspicious/noDocumentCookie: as most pages do
  document.cookie = 'page=1; path=/';
  const socket = new WebSocket(address('fields?cookie'));
  await followed(socket, note, { open: () => note(document.cookie.includes('handshake=2')), message: () => socket.close() });
  const again = new WebSocket(address('fields?cookie'));
  await followed(again, note, { message: () => again.close() });
});
