// The one name of an authority, however it is written: case, a final dot, a default port make no other. http and https are one, too:
// an origin behind TLS of its own often knows itself by the other one.

const DEFAULT_PORTS: Readonly<Record<string, readonly string[]>> = {
  http: ['80'],
  ws: ['80'],
  https: ['443'],
  wss: ['443'],
  // `//host:443` has the scheme of the page, which is not said.
  '': ['80', '443'],
};

export const authorityOf = (scheme: string, host: string, port: string): string => {
  const name = host.toLowerCase().replace(/\.$/, '');
  return port === '' || DEFAULT_PORTS[scheme]?.includes(port) ? name : `${name}:${Number(port)}`;
};

export const authorityOfUrl = ({ protocol, hostname, port }: URL): string => authorityOf(protocol.slice(0, -1), hostname, port);
