import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Match } from 'aws-cdk-lib/assertions';
import { AUDIO_SECONDS_HEADER } from '../../../core/contract/http';
import { corsOf } from '../../../lib/http/cors';
import { pathTemplate } from '../templates';

test('only pages of allowed origins may call the API', () => {
  const template = pathTemplate();
  template.hasResourceProperties('AWS::ApiGatewayV2::Api', { CorsConfiguration: Match.absent() });
  template.resourcePropertiesCountIs('AWS::ApiGatewayV2::Route', { AuthorizationType: 'NONE' }, 0);
});

test('with allowed origins, only preflights need no key', () => {
  const allowedOrigins = ['https://example.com', 'app://obsidian.md'];
  const template = pathTemplate({ allowedOrigins });
  template.hasResourceProperties('AWS::ApiGatewayV2::Api', {
    CorsConfiguration: {
      AllowOrigins: allowedOrigins,
      AllowHeaders: Match.arrayWith(['authorization', 'content-type']),
      ExposeHeaders: Match.arrayWith(['x-request-id']),
      AllowCredentials: Match.absent(),
    },
  });
  const open = template.findResources('AWS::ApiGatewayV2::Route', {
    Properties: { AuthorizationType: 'NONE' },
  });
  expect(Object.values(open).map(({ Properties }) => Properties.RouteKey)).toEqual(['OPTIONS /{proxy+}']);
});

test('pages can read every custom header of the handlers', () => {
  const folder = join(__dirname, '..', '..', '..', 'lambda');
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  const named = sources.flatMap((name) =>
    [...readFileSync(join(folder, name), 'utf8').matchAll(/'(x-[a-z-]+)'/g)].map(([, header = '']) => header),
  );
  // Machines send it to the handler, which does not forward it.
  const ours = new Set(named.filter((header) => header !== AUDIO_SECONDS_HEADER));
  const { exposeHeaders = [] } = corsOf(['https://example.com']) ?? {};
  expect(exposeHeaders).toEqual(expect.arrayContaining([...ours, 'location', 'retry-after']));
});
