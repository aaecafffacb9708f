// Delivers the messages of one connection in one direction as the faults of now have it: lost, doubled, late, out of order.
import type { Clock, Faults } from '../services.ts';

/** How long a message that is to be overtaken waits for another one. */
export const OVERTAKING_MS = 50;

export type Deliver = (deliver: () => void) => void;

export interface DeliveryParts {
  readonly faults: Faults;
  readonly clock: Clock;
  readonly random: () => number;
}

export const createDelivery = ({ faults, clock, random }: DeliveryParts): Deliver => {
  /** The message that waits for the next one to pass it. */
  let held: { readonly release: () => void; readonly cancel: () => void } | undefined;

  const inOrder = (deliver: () => void): void => {
    if (held) {
      const { release, cancel } = held;
      held = undefined;
      cancel();
      deliver();
      release();
      return;
    }
    if (random() >= faults.reorder) {
      deliver();
      return;
    }
    const release = () => {
      held = undefined;
      deliver();
    };
    held = { release: deliver, cancel: clock.after(OVERTAKING_MS, release) };
  };

  const later = (deliver: () => void): void => {
    const delay = faults.delayMs > 0 ? random() * faults.delayMs : 0;
    if (delay > 0) clock.after(delay, () => inOrder(deliver));
    else inOrder(deliver);
  };

  return (deliver) => {
    if (random() < faults.drop) return;
    later(deliver);
    if (random() < faults.duplicate) later(deliver);
  };
};
