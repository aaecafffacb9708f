// Loaded before Artillery (`node --import`): names below `localhost` are this machine, as for browsers; Node's resolver does not know
// them everywhere. So the same scenarios ask the simulator and a deployed stack by its name.
import dns from 'node:dns';

const { lookup } = dns;
const LOOPBACK = { address: '127.0.0.1', family: 4 };

dns.lookup = (hostname, options, callback) => {
  const [settings, done] = typeof options === 'function' ? [{}, options] : [options, callback];
  if (!/(^|\.)localhost$/i.test(hostname)) return lookup(hostname, settings, done);
  const answer = () => (settings?.all ? done(null, [LOOPBACK]) : done(null, LOOPBACK.address, LOOPBACK.family));
  process.nextTick(answer);
};
