// How a function reads its environment: each functions' folder lists the names in environment.ts, lib/ sets exactly those.

/** The named variables. Throws one error that names every missing one. */
export const readEnvironment = <Name extends string>(
  names: readonly Name[],
  env: Readonly<Record<string, string | undefined>> = process.env,
): Readonly<Record<Name, string>> => {
  const missing = names.filter((name) => !env[name]);
  if (missing.length > 0) throw new Error(`The function's environment lacks ${missing.join(', ')}: deploy the stack again.`);
  return Object.fromEntries(names.map((name) => [name, env[name]])) as Record<Name, string>;
};
