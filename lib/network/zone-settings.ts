import { z } from 'zod';
import { fromText } from '../images/image-settings';

/** Subnets that a foundation has, each in a zone of its own as far as there are so many: no region shows an account more. */
export const MOST_ZONES = 6;

/** How many availability zones, or which ones by name. */
export type Zones = number | string[];

/** Such as `us-west-1a`, not `usw1-az1`, and no local zone. */
const NAME = /^[a-z]+(?:-[a-z]+)+-\d+(?=([a-z])$)/;

const EXAMPLE = 'us-west-1a,us-west-1c';

/** Where machines, load balancers and functions of a path may be: a number, or names as text or as a list. */
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

/** What is wrong with the setting, in words that follow its name. */
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

/** How many zones that are at most. */
export const zoneCount = (zones: Zones): number => (typeof zones === 'number' ? zones : zones.length);
