import { z } from 'zod';
import { fromText } from '../images/image-settings';

/** Number of subnets in the foundation, one per zone. No region offers an account more zones. */
export const MOST_ZONES = 6;

/** Number of availability zones, or their names. */
export type Zones = number | string[];

/** A zone name such as `us-west-1a`; no zone id such as `usw1-az1`, and no local zone. */
const NAME = /^[a-z]+(?:-[a-z]+)+-\d+(?=([a-z])$)/;

const EXAMPLE = 'us-west-1a,us-west-1c';

/**
 * Zones for a path's machines, load balancers and functions: a number, or names as text or list.
 */
export const zonesSetting = () =>
  z.preprocess(
    (value) => {
      const given = fromText(value);
      if (typeof given !== 'string') return given;
      return /^\s*-?[\d.]+\s*$/.test(given) ? Number(given) : given.split(',').map((name) => name.trim());
    },
    z.unknown().transform((value, context): Zones => {
      const problem = problemOf(value);
      if (problem === undefined) return value as Zones;
      context.addIssue({ code: 'custom', message: problem });
      return z.NEVER;
    }),
  );

/** Describes what is wrong with the setting, as the rest of a sentence after its name. */
function problemOf(value: unknown): string | undefined {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MOST_ZONES)
    return undefined;
  const isName = (name: unknown) => typeof name === 'string' && NAME.test(name);
  if (!Array.isArray(value) || value.length === 0 || !value.every(isName))
    return `must be a whole number from 1 to ${MOST_ZONES}, or names of availability zones such as ${EXAMPLE}`;
  const names = value as string[];
  if (new Set(names).size < names.length) return 'must name each availability zone once';
  if (names.length > MOST_ZONES) return `must name at most ${MOST_ZONES} availability zones`;
  if (new Set(names.map((name) => NAME.exec(name)?.[0])).size > 1)
    return 'must name availability zones of one region';
  return undefined;
}

/** Maximum number of zones. */
export const zoneCount = (zones: Zones): number => (typeof zones === 'number' ? zones : zones.length);
