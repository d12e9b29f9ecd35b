/**
 * What the placeholders in the environment of a process stand for:
 *
 * - `${url:whisper}`: base URL of the first port of that process
 * - `${mount:models}`: path at which the process sees that volume
 * - `${port}`, `${port:8081}`: the port on which its server listens; without a number, its first one
 */
export interface Placeholders {
  url: (process: string) => string;
  mount: (volume: string) => string;
  /** @param port port in the specification. @default - the first one */
  port: (port?: number) => string;
}

/** Matches nothing else, because values may also contain the CDK's tokens: `${Token[…]}`. */
const PLACEHOLDER = /\$\{(?:url:(?<url>[\w-]+)|mount:(?<mount>[\w-]+)|port(?::(?<port>\d+))?)\}/g;

/** Replaces the placeholders in a value. */
export const expand = (value: string, { url, mount, port }: Placeholders): string =>
  value.replace(PLACEHOLDER, (...match) => {
    const named = match.at(-1) as Record<'url' | 'mount' | 'port', string | undefined>;
    if (named.url !== undefined) return url(named.url);
    if (named.mount !== undefined) return mount(named.mount);
    return port(named.port === undefined ? undefined : Number(named.port));
  });

/** Names of the processes whose URLs a value contains. */
export const urlsIn = (value: string): string[] =>
  [...value.matchAll(PLACEHOLDER)].flatMap(({ groups }) => groups?.url ?? []);
