// Which credentials an application has refused: those are not sent again, whoever asks, until others take their place. Many wrong
// attempts would lock the user's account.
import { SallyportError } from '../../../protocol/errors.ts';
import { Recent } from './recent.ts';

const REMEMBERED_MAX = 10_000;

export class Refusals {
  readonly #refused = new Recent<string, true>(REMEMBERED_MAX);

  /** Throws ERR_CREDENTIALS_REFUSED where they were refused before. */
  check(name: string): void {
    if (this.#refused.get(name)) throw new SallyportError('ERR_CREDENTIALS_REFUSED', 'They were refused before, and are not sent again.');
  }

  /** Notes it, and answers what to tell. */
  note(name: string, why: string): SallyportError {
    this.#refused.set(name, true);
    return new SallyportError('ERR_CREDENTIALS_REFUSED', `${why} They are not sent again until others are entered.`);
  }
}
