import type { GpuNeed, Service } from '../services/service';
import { type Settings, SettingsError } from '../settings';
import { type Card, CARDS, cardOf } from './gpu-memory';

/** GPU memory that each service may use, in MiB, by its name. Without services that need no GPU. */
export type GpuShares = Record<string, number>;

/** A service that needs the GPU. */
interface User {
  readonly name: string;
  readonly need: GpuNeed;
  readonly takesRest: boolean;
}

/**
 * Divides the memory of a GPU between services. Each gets what its model needs, and the first that
 * takes the rest gets the rest of the smallest GPU among the machine types. Settings override both.
 *
 * @throws SettingsError if a machine type's GPU is unknown or too small, if the share of a service
 * that takes the rest is below its need, or if a model's need is unknown and its share is not set
 */
export function gpuShares(services: readonly Service[], settings: Settings): GpuShares {
  const users = usersOf(services, settings);
  if (users.length === 0) return {};
  const smallest = smallestCard(settings.instanceTypes);
  const taker = users.find(({ takesRest }) => takesRest);
  const shares: GpuShares = {};
  for (const user of users) if (user !== taker) shares[user.name] = user.need.shareMib ?? needOf(user);
  if (taker !== undefined) {
    const need = taker.need.mib ?? taker.need.shareMib ?? needOf(taker);
    shares[taker.name] = taker.need.shareMib ?? Math.max(need, smallest.mebibytes - sum(shares));
    if (shares[taker.name]! < need) throw tooSmall(taker, need, shares[taker.name]!);
  }
  if (sum(shares) > smallest.mebibytes) throw tooMuch(users, shares, smallest, settings);
  return shares;
}

/** The services that need a GPU with these settings. */
export const usersOf = (services: readonly Service[], settings: Settings): User[] =>
  services.flatMap(({ name, gpu }) => {
    const need = gpu?.need(settings);
    return need === undefined ? [] : [{ name, need, takesRest: gpu?.takesRest ?? false }];
  });

/** The GPU with the least memory among machine types of known families; undefined for none. */
export const smallestOf = (instanceTypes: readonly string[]): Card | undefined =>
  instanceTypes
    .flatMap((type) => cardOf(type) ?? [])
    .reduce<Card | undefined>(
      (least, card) => (least === undefined || card.mebibytes < least.mebibytes ? card : least),
      undefined,
    );

/** The machine types of a list that have this GPU, as text. */
export const typesWith = (card: Card, { instanceTypes }: Settings): string =>
  instanceTypes.filter((type) => cardOf(type) === card).join(', ');

const sum = (shares: GpuShares) => Object.values(shares).reduce((one, other) => one + other, 0);

function smallestCard(instanceTypes: string[]): Card {
  const unknown = instanceTypes.filter((type) => cardOf(type) === undefined);
  const smallest = smallestOf(instanceTypes);
  if (smallest !== undefined && unknown.length === 0) return smallest;
  const families = CARDS.flatMap((card) => card.families).join(', ');
  throw new SettingsError(
    `Setting "instanceTypes" must use the families ${families} if services share a GPU, because the GPU memory ` +
      `of other families is unknown; got ${JSON.stringify(unknown)}. Remove them, or add their GPU to lib/machine/gpu-memory.ts.`,
  );
}

function needOf({ name, need: { model, mib, settings } }: User): number {
  if (mib !== undefined) return mib;
  if (settings === undefined)
    throw new SettingsError(
      `The GPU memory of the service "${name}" must be known if services share a GPU; got none for ${JSON.stringify(model)}. ` +
        'Return "mib" or "shareMib" from its "gpu.need".',
    );
  throw new SettingsError(
    `Setting "${settings.share}" must be set if "${settings.model}" is not one of ${settings.known.join(', ')}, whose memory ` +
      `requirements are known; got nothing for ${JSON.stringify(model)}. Set it in cdk.json under ` +
      `context.spotscribe.${settings.share}, or with -c spotscribe:${settings.share}=<MiB>.`,
  );
}

/** The share of a service, as messages name it. */
const named = ({ name, need }: User) => `"${need.settings?.share ?? `${name}.gpu`}"`;

const tooSmall = (user: User, need: number, share: number) =>
  new SettingsError(
    `Setting ${named(user)} must be at least ${need}, which ${user.need.model} needs; got ${share}. Raise it, or remove it.`,
  );

function tooMuch(users: User[], shares: GpuShares, card: Card, settings: Settings): SettingsError {
  const got = users.map(({ name }) => `${name} ${shares[name]}`).join(' + ');
  const less = users.flatMap(({ need }) => need.settings?.less ?? []).map((each) => `${each}, `);
  return new SettingsError(
    `The sum of ${users.map(named).join(' and ')} must be at most ${card.mebibytes} MiB, the memory of the smallest GPU, ` +
      `${card.name} (${typesWith(card, settings)}); got ${got} = ${sum(shares)}. Choose ${less.join('')}smaller shares, or ` +
      '"instanceTypes" with larger GPUs.',
  );
}
