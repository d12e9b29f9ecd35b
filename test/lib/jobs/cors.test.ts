import { Match } from 'aws-cdk-lib/assertions';
import { pathTemplate } from '../templates';

test('no page may call the API unless its origin is allowed', () => {
  const template = pathTemplate();
  template.hasResourceProperties('AWS::ApiGatewayV2::Api', { CorsConfiguration: Match.absent() });
  template.resourcePropertiesCountIs('AWS::ApiGatewayV2::Route', { AuthorizationType: 'NONE' }, 0);
});

test('where one is, browsers may ask without a key, and nothing else is open', () => {
  const allowedOrigins = ['https://example.com', 'http://localhost:3000'];
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
