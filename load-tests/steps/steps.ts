// The steps of scenarios that are no single HTTP request. Artillery looks them up here by name; what is not
// declared `async` it waits for in vain.
export { killConnector, reconnect } from './connectors.ts';
export { download, withPicture } from './large-bodies.ts';
export { record } from './samples.ts';
export { watchEvents } from './server-sent-events.ts';
export { signInAnew } from './sign-in-anew.ts';
export { chat } from './web-sockets.ts';
