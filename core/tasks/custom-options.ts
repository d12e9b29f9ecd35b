import { type OutputUnit, Validator } from '@cfworker/json-schema';

/** A fault of a value: the path of the field within the options, and the reason as a sentence. */
export interface OptionsFault {
  path: string[];
  reason: string;
}

/**
 * Validates the options of a custom task against the JSON schema of the deployment.
 *
 * @returns undefined if they are valid
 * @throws Error if the schema refers to another schema that does not exist
 */
export function optionsFault(schema: Record<string, unknown>, options: unknown): OptionsFault | undefined {
  const { errors } = new Validator(schema, '2020-12', false).validate(options);
  const [first, ...others] = errors;
  if (first === undefined) return undefined;
  // Errors of a field follow those of the objects that contain it. An unknown field fails the schema
  // `false`, and so does, besides its own error, a field that is wrong.
  const depth = (error: OutputUnit) =>
    error.instanceLocation.split('/').length * 2 - (isUnknown(error) ? 1 : 0);
  const innermost = others.reduce((one, other) => (depth(other) > depth(one) ? other : one), first);
  return {
    path: innermost.instanceLocation.split('/').slice(1).map(unescaped),
    reason: isUnknown(innermost) ? 'The option is unknown' : innermost.error.replace(/\.$/, ''),
  };
}

const isUnknown = ({ keyword }: OutputUnit) => keyword === 'false';

/** A part of a JSON pointer in a URI fragment. */
const unescaped = (part: string) => decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
