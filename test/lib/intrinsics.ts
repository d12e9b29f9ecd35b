import type { Template } from 'aws-cdk-lib/assertions';

type Json = string | boolean | Json[] | { [name: string]: Json };

/** Environment of an evaluation: the region's zones, and values of parameters by name. */
export interface Place {
  zones: string[];
  /** By name in Systems Manager, such as `/Spotscribe-Foundation/Zones`. */
  shared?: Record<string, string>;
}

const NO_VALUE = { Ref: 'AWS::NoValue' };

/** Evaluates a template value like CloudFormation. References to resources become logical ids. */
export function evaluate(template: Template, value: unknown, place: Place): unknown {
  const { Conditions = {}, Parameters = {} } = template.toJSON() as {
    Conditions?: Record<string, Json>;
    Parameters?: Record<string, { Type: string; Default?: string }>;
  };
  const reference = (name: string): Json => {
    const { Type = '', Default = '' } = Parameters[name] ?? {};
    const text = place.shared?.[Default] ?? name;
    return Type.includes('List<') ? text.split(',') : text;
  };
  const functions: Record<string, (argument: Json) => Json> = {
    Ref: (name) => reference(name as string),
    'Fn::GetAZs': () => place.zones,
    'Fn::Join': (argument) => {
      const [separator, items] = argument as [string, Json];
      return (of(items) as string[]).join(separator);
    },
    'Fn::Split': (argument) => {
      const [separator, text] = argument as [string, Json];
      return (of(text) as string).split(separator);
    },
    'Fn::Select': (argument) => {
      const [index, items] = argument as [unknown, Json];
      const found = (of(items) as Json[])[Number(index)];
      if (found === undefined)
        throw new Error(`Fn::Select cannot select nonexistent value at index ${String(index)}`);
      return found;
    },
    'Fn::Equals': (argument) => {
      const [one, other] = (argument as Json[]).map(of);
      return one === other;
    },
    'Fn::Not': (argument) => !of((argument as Json[])[0]!),
    'Fn::Or': (argument) => (argument as Json[]).some(of),
    'Fn::If': (argument) => {
      const [condition, yes, no] = argument as [string, Json, Json];
      return of(of(Conditions[condition]!) ? yes : no);
    },
    'Fn::EachMemberIn': (argument) => {
      const [some, all] = (argument as Json[]).map(of) as [string[], string[]];
      return some.every((each) => all.includes(each));
    },
  };
  const of = (node: Json): Json => {
    if (Array.isArray(node))
      return node.map(of).filter((item) => JSON.stringify(item) !== JSON.stringify(NO_VALUE));
    if (typeof node !== 'object') return node;
    const [[name = '', argument = ''] = []] = Object.entries(node);
    if (JSON.stringify(node) === JSON.stringify(NO_VALUE)) return node;
    const evaluated = functions[name];
    if (evaluated === undefined) throw new Error(`No ${name} here`);
    return evaluated(argument);
  };
  return of(value as Json);
}
