import type { Rule } from '@aws-sdk/client-elastic-load-balancing-v2';
import { type Asked, fixedAnswer } from '../../../local/balancer/listener-rules';

const says = (body: string, status = '401') => [
  { Type: 'fixed-response' as const, FixedResponseConfig: { StatusCode: status, MessageBody: body } },
];
const onward = [{ Type: 'forward' as const, TargetGroupArn: 'arn' }];
const path = { Field: 'path-pattern', Values: ['/v1/models', '/v1/a?dio/*'] };
const key = {
  Field: 'http-header',
  HttpHeaderConfig: { HttpHeaderName: 'Authorization', Values: ['Bearer?sk-*'] },
};
/** Not in order of priority: a listener returns them in any order. */
const rules: Rule[] = [
  { IsDefault: true, Priority: 'default', Actions: says('no route', '404') },
  { Priority: '20', Conditions: [path], Actions: says('no key') },
  {
    Priority: '3',
    Conditions: [{ Field: 'http-request-method', Values: ['GET'] }, path, key],
    Actions: onward,
  },
];
const asked = (change: Partial<Asked> = {}): Asked => ({
  method: 'GET',
  path: '/v1/models',
  headers: { authorization: 'bearer sk-1' },
  ...change,
});

describe('a listener’s rules', () => {
  test.each<[string, Partial<Asked>, number | undefined]>([
    ['what fulfils every condition', {}, undefined],
    ['what patterns with wildcards take in', { path: '/v1/audio/speech/1' }, undefined],
    ['another method', { method: 'POST' }, 401],
    ['another key', { headers: { authorization: 'Bearer other' } }, 401],
    ['no key', { headers: {} }, 401],
    ['another path', { path: '/metrics' }, 404],
    ['a path in another case', { path: '/V1/models' }, 404],
    ['a path that only begins so', { path: '/v1/models/x' }, 404],
    ['a path with a pattern’s sign', { path: '/v1/aXdio/' }, undefined],
  ])('decide in the order of their priorities about %s', (_, change, status) => {
    expect(fixedAnswer(asked(change), rules)?.status).toBe(status);
  });

  test('define fixed answers', () => {
    expect(fixedAnswer(asked({ path: '/' }), rules)).toEqual({
      status: 404,
      contentType: 'text/plain',
      body: 'no route',
    });
  });

  test('that are not supported are rejected, not ignored', () => {
    const source: Rule = {
      Priority: '1',
      Conditions: [{ Field: 'source-ip', Values: ['10.0.0.0/8'] }],
      Actions: onward,
    };
    expect(() => fixedAnswer(asked(), [source])).toThrow('does not support the condition source-ip');
    const redirect: Rule = { IsDefault: true, Actions: [{ Type: 'redirect' }] };
    expect(() => fixedAnswer(asked(), [redirect])).toThrow('does not support the action redirect');
  });
});
