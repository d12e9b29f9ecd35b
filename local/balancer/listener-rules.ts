import type { Rule, RuleCondition } from '@aws-sdk/client-elastic-load-balancing-v2';

/** What rules look at of a request. */
export interface Asked {
  method: string;
  /** Without the query. */
  path: string;
  /** By names in lower case. */
  headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** An answer that a load balancer gives by itself. */
export interface FixedAnswer {
  status: number;
  contentType: string;
  body: string;
}

/**
 * What a listener answers by itself; undefined for what it sends on. The first rule decides whose conditions all hold: in the
 * order of their priorities, and the listener's default rule, which has none, at last.
 *
 * @throws Error for a condition or an action that is not played here
 */
export function fixedAnswer(asked: Asked, rules: readonly Rule[]): FixedAnswer | undefined {
  const rule = rules
    .toSorted((one, other) => order(one) - order(other))
    .find(({ Conditions = [] }) => Conditions.every((condition) => holds(condition, asked)));
  const [action] = rule?.Actions ?? [];
  if (action?.Type === 'forward') return undefined;
  const { StatusCode, ContentType = 'text/plain', MessageBody = '' } = action?.FixedResponseConfig ?? {};
  if (action?.Type !== 'fixed-response' || StatusCode === undefined)
    throw new Error(`The local load balancer does not play the action ${action?.Type}`);
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
      throw new Error(`The local load balancer does not play the condition ${Field}`);
  }
}

/** `*` is any number of characters, `?` is one. */
function matches(pattern: string, value: string, flags = ''): boolean {
  const expression = pattern
    .replace(/[.+^${}()|[\]\\/]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${expression}$`, `s${flags}`).test(value);
}
