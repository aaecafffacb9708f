// Loaded before a program (`node --import`): names below `localhost` are this machine, as for browsers, which Node's resolver does not know
// everywhere; so are those that LOCAL_NAMES lists, with commas, where the simulator's domain is a real one.
import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';

const { lookup } = dns;
const LOOPBACK = { address: '127.0.0.1', family: 4 };
const names = new Set((process.env.LOCAL_NAMES ?? '').split(','));

dns.lookup = (hostname, options, callback) => {
  const [settings, done] = typeof options === 'function' ? [{}, options] : [options, callback];
  if (!/(^|\.)localhost$/i.test(hostname) && !names.has(hostname)) return lookup(hostname, settings, done);
  const answer = () => (settings?.all ? done(null, [LOOPBACK]) : done(null, LOOPBACK.address, LOOPBACK.family));
  process.nextTick(answer);
};
syncBuiltinESMExports();
