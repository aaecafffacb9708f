// What a browser calls itself, in a few words that its user recognises. Never more than a hint: anyone can say anything here.
import Bowser from 'bowser';

/** As `Firefox on Linux`; null when it says nothing that is known. */
export const deviceOf = (userAgent: string | undefined): string | null => {
  if (userAgent === undefined || userAgent === '') return null;
  const { browser, os } = Bowser.parse(userAgent);
  return [browser.name, os.name].filter((name) => name).join(' on ') || null;
};
