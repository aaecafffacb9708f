// The Kerberos helper: a process of its own, since its calls block threads and its library may take the process down. The connector
// starts it, speaks to it over IPC and keeps the time; it ends with the connector.
import { systemClock } from '../clock.ts';
import { Delegation, failureOf } from './delegation.ts';
import type { HelperAnswer, HelperRequest } from './messages.ts';
import { Slots } from './slots.ts';

const threads = Number(process.env.UV_THREADPOOL_SIZE);
const deadlineMs = Number(process.env.SALLYPORT_KERBEROS_DEADLINE_MS);
/** A quarter of the threads is for what no domain controller is asked for. */
const slots = new Slots({ limit: Math.floor((threads * 3) / 4), deadlineMs, after: systemClock.after });
const delegation = new Delegation({ slots, now: systemClock.monotonic });

const answerTo = async (request: Exclude<HelperRequest, { op: 'close' }>): Promise<HelperAnswer> => {
  const { id } = request;
  try {
    if (request.op === 'ping') return { id, alive: true };
    if (request.op === 'negotiate') return { id, negotiated: await delegation.negotiate(request) };
    return { id, verified: await delegation.verify(request.of, Buffer.from(request.token, 'base64')) };
  } catch (error) {
    return { id, failure: failureOf(error) };
  }
};

process.on('message', (request: HelperRequest) => {
  if (request.op === 'close') return delegation.close(request.of);
  void answerTo(request).then((answer) => process.connected && process.send?.(answer, () => undefined));
});
// The connector has ended, however that came. An orderly exit would wait for threads that wait for a domain controller.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
// Ctrl-C in a terminal goes to the whole group: the connector says when.
process.on('SIGINT', () => undefined);
