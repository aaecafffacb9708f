// Preloaded into a program (`node --import`): from the start, or from SIGUSR2 on, its clock is an hour behind.
const HOUR_MS = 3_600_000;
const RightDate = Date;
let behindMs = process.env.CLOCK_WRONG_FROM === 'start' ? HOUR_MS : 0;
process.on('SIGUSR2', () => {
  behindMs = HOUR_MS;
  console.error('From now on the clock is an hour behind.');
});

globalThis.Date = class extends RightDate {
  constructor(...given) {
    if (given.length > 0) super(...given);
    else super(RightDate.now() - behindMs);
  }

  static now() {
    return RightDate.now() - behindMs;
  }
};
