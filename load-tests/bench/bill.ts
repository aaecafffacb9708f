// Part 3: what AWS would bill for exchanges by the size of their answer: our units as the simulator's meter counts them, those of two other
// ways back computed from how they work, in their favour. The front door, the router's wait and the way to the connector are the same in all.
import { METERED_BYTES } from '../../protocol/limits.ts';
import { bill } from '../../test/support/meter.ts';
import { signIn } from '../../test/support/user.ts';
import { startWorld } from '../../test/support/world.ts';
import PRICES from '../prices.json' with { type: 'json' };
import { startOrigin } from './processes.ts';

const KILOBYTE = 1024;
const SIZES = [1, 32, 100, 1024].map((kilobytes) => kilobytes * KILOBYTE);
const KINDS = ['noise', 'text'] as const;
const EXCHANGES = 10;
/** What one WebSocket message may hold on AWS. */
const MESSAGE_MAX_BYTES = 128 * KILOBYTE;
const READ_UNIT_BYTES = 4 * KILOBYTE;
/** Of a design that polls, before the answer is there: strongly consistent, of an item that is not there. */
const EMPTY_READS = 2;

/** For one exchange. */
export interface Units {
  readonly restRequests: number;
  readonly invocations: number;
  readonly messages: number;
  readonly relayInvocations: number;
  readonly writeUnits: number;
  readonly readUnits: number;
}

export interface BillLine {
  readonly bytes: number;
  readonly kind: (typeof KINDS)[number];
  /** Measured. */
  readonly ours: Units;
  /** Computed: the connector's answer goes through a function that posts it to the router's socket. */
  readonly relay: Units;
  /** Computed: a function writes the answer into a table, where the router polls for it. */
  readonly polling: Units;
}

export const measureBill = async (): Promise<BillLine[]> => {
  const origin = await startOrigin();
  try {
    const world = await startWorld('--publish', `bench=${origin.url}/`, '--lambda', 'quick', '--pace', 'off');
    try {
      const user = await signIn(world, 'bob', 'bench');
      const lines: BillLine[] = [];
      for (const kind of KINDS) {
        for (const bytes of SIZES) {
          const exchange = async () => {
            const { status, body } = await user.fetch(new URL(`${kind}/${bytes}`, world.url('bench')).href);
            if (status !== 200 || body.length !== bytes) throw new Error(`${kind}/${bytes}: status ${status}, ${body.length} bytes.`);
          };
          await exchange();
          const before = await bill(world);
          for (let at = 0; at < EXCHANGES; at += 1) await exchange();
          const spent = (await bill(world)).since(before);
          const ours = {
            restRequests: spent.restRequests / EXCHANGES,
            invocations: spent.invocations / EXCHANGES,
            messages: (spent.messagesToConnector + spent.messagesToRouter) / EXCHANGES,
            relayInvocations: 0,
            // A cache that ran out in between: what is read then is half a unit for each call at most.
            writeUnits: 0,
            readUnits: spent.databaseOperations / 2 / EXCHANGES,
          };
          lines.push({ bytes, kind, ours, relay: relayed(bytes), polling: polled(bytes) });
        }
      }
      return lines;
    } finally {
      await world.dispose();
    }
  } finally {
    await origin.dispose();
  }
};

/** Base64 in messages that are full to the last byte, without a header: less than either design sends. */
const messagesOf = (bytes: number): number => Math.ceil((bytes * 4) / 3 / METERED_BYTES);
const invocationsOf = (bytes: number): number => Math.ceil((bytes * 4) / 3 / MESSAGE_MAX_BYTES);

/** In, and out again to the router. */
export const relayed = (bytes: number): Units => ({
  restRequests: 1,
  invocations: 1,
  messages: 1 + 2 * messagesOf(bytes),
  relayInvocations: invocationsOf(bytes),
  writeUnits: 0,
  readUnits: 0,
});

/** In, into the table as bytes, and out by reading. */
export const polled = (bytes: number): Units => ({
  restRequests: 1,
  invocations: 1,
  messages: 1 + messagesOf(bytes),
  relayInvocations: invocationsOf(bytes),
  writeUnits: Math.ceil(bytes / KILOBYTE),
  readUnits: EMPTY_READS + Math.ceil(bytes / READ_UNIT_BYTES),
});

/** Dollars for a million exchanges. */
export const dollars = ({ restRequests, invocations, messages, relayInvocations, writeUnits, readUnits }: Units): number => {
  const { perMillion, assumed } = PRICES;
  const seconds = invocations * assumed.routerGigabytes * assumed.routerSeconds;
  const relaySeconds = relayInvocations * assumed.relayGigabytes * assumed.relaySeconds;
  return (
    restRequests * perMillion.restRequest.price +
    messages * perMillion.webSocketMessage.price +
    (invocations + relayInvocations) * perMillion.invocation.price +
    (seconds + relaySeconds) * perMillion.gigabyteSecond.price +
    writeUnits * perMillion.writeUnit.price +
    readUnits * perMillion.readUnit.price
  );
};
