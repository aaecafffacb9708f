// Where tests run: Node, with a later end for those that hang. A test's own deadline is what it takes on a machine with nothing else to do, and
// this one may share its cores with ten others; what is waited for within a test has deadlines of its own.
import { TestEnvironment } from 'jest-environment-node';

const TIMES = 6;

export default class extends TestEnvironment {
  /** One that runs before each test is the same object every time. */
  #seen = new WeakSet();

  handleTestEvent({ name, test, hook }, { testTimeout }) {
    const begun = name === 'test_start' ? test : name === 'hook_start' ? hook : null;
    if (begun === null || this.#seen.has(begun)) return;
    this.#seen.add(begun);
    begun.timeout = (begun.timeout || testTimeout) * TIMES;
  }
}
