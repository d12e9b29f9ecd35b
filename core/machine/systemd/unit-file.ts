/** A section of a unit file: its name, and its settings in order. A setting may occur several times. */
export type Section = readonly [name: string, settings: readonly Setting[]];
export type Setting = readonly [name: string, value: string];

/** A unit of systemd as the text of its file. See systemd.syntax(7). */
export const unitFile = (...sections: Section[]): string =>
  sections
    .map(([name, settings]) => [`[${name}]`, ...settings.map((setting) => setting.join('=')), ''].join('\n'))
    .join('\n');

/**
 * A word for settings that take several, such as `Environment`, so that systemd reads exactly this text.
 *
 * @throws Error for a text with a line break or another control character, which a unit file cannot hold
 */
export function word(text: string): string {
  if (/\p{Cc}/u.test(text))
    throw new Error(`A unit file cannot hold control characters: ${JSON.stringify(text)}`);
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%')}"`;
}

/** Variables of a process. Errors as in `word`. */
export const environmentLines = (variables: Readonly<Record<string, string>>): Setting[] =>
  Object.entries(variables).map(([name, value]) => ['Environment', word(`${name}=${value}`)]);

/** A word of a command, in which systemd also expands variables. Errors as in `word`. */
export const commandWord = (text: string): string => word(text).replaceAll('$', '$$$$');
