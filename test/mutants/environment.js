// Where tests run against a mutant: after the first that fails, the rest of its suite says nothing new.
import { TestEnvironment } from 'jest-environment-node';

export default class extends TestEnvironment {
  #hasFailed = false;

  handleTestEvent({ name, test }) {
    if (name === 'test_done' && test.errors.length > 0) this.#hasFailed = true;
    if (name === 'test_start' && this.#hasFailed) test.mode = 'skip';
  }
}
