// What `--help` prints: made of the settings themselves.
import { flagName, SETTINGS, type Setting, variableName } from './settings.ts';

const WIDTH = 28;

export const helpText = (): string => {
  const lines = Object.entries(SETTINGS).map(([name, setting]: [string, Setting]) => {
    const label = setting.flag === false ? variableName(name) : flagName(name);
    const fallback =
      setting.default === undefined || /\bDefault:|\bWithout any\b/.test(setting.describe) ? '' : ` Default: ${String(setting.default)}.`;
    return `  ${label.padEnd(WIDTH)}${setting.describe}${fallback}`;
  });
  return `The Sallyport connector: dials out from a private network, so that its applications can be used from outside.

Every flag can be a SALLYPORT_… variable or a key of a YAML file (--config FILE); flags win over variables, variables over the file.

${lines.join('\n')}

  doctor kerberos             Tries single sign-on by Kerberos step by step: \`doctor kerberos --user NAME --application ID\`.
`;
};
