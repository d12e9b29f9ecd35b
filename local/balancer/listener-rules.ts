import type { Rule, RuleCondition } from '@aws-sdk/client-elastic-load-balancing-v2';

/** The parts of a request that rules check. */
export interface Asked {
  method: string;
  /** Path without the query. */
  path: string;
  /** Headers by lower-case name. */
  headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** A fixed answer of a load balancer. */
export interface FixedAnswer {
  status: number;
  contentType: string;
  body: string;
}

/**
 * The listener's fixed answer; undefined if it forwards the request. The first rule whose
 * conditions all match applies, in the order of priorities. The default rule, which has no
 * priority, comes last.
 *
 * @throws Error for a condition or an action that is not supported
 */
export function fixedAnswer(asked: Asked, rules: readonly Rule[]): FixedAnswer | undefined {
  const rule = rules
    .toSorted((one, other) => order(one) - order(other))
    .find(({ Conditions = [] }) => Conditions.every((condition) => holds(condition, asked)));
  const [action] = rule?.Actions ?? [];
  if (action?.Type === 'forward') return undefined;
  const { StatusCode, ContentType = 'text/plain', MessageBody = '' } = action?.FixedResponseConfig ?? {};
  if (action?.Type !== 'fixed-response' || StatusCode === undefined)
    throw new Error(`The local load balancer does not support the action ${action?.Type}`);
  return { status: Number(StatusCode), contentType: ContentType, body: MessageBody };
}

const order = ({ IsDefault, Priority }: Rule) => (IsDefault === true ? Infinity : Number(Priority));

function holds(condition: RuleCondition, { method, path, headers }: Asked): boolean {
  const { Field = '', Values = [], HttpHeaderConfig } = condition;
  switch (Field) {
    case 'http-request-method':
      return Values.includes(method);
    case 'path-pattern':
      return Values.some((pattern) => matches(pattern, path));
    case 'http-header': {
      const value = headers[HttpHeaderConfig?.HttpHeaderName?.toLowerCase() ?? ''];
      const patterns = HttpHeaderConfig?.Values ?? [];
      return typeof value === 'string' && patterns.some((pattern) => matches(pattern, value, 'i'));
    }
    default:
      throw new Error(`The local load balancer does not support the condition ${Field}`);
  }
}

/** `*` matches any number of characters, `?` matches one. */
function matches(pattern: string, value: string, flags = ''): boolean {
  const expression = pattern
    .replace(/[.+^${}()|[\]\\/]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${expression}$`, `s${flags}`).test(value);
}
