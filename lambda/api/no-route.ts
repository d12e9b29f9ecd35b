import { caller, type Request } from '../frame/caller';
import { framed } from '../frame/http';
import { Refusal, type Response } from '../frame/refusal';
import { methodsAt } from '../../core/contract/http';
import { env, lambdaHandler, type Tools } from '../frame/runtime';
import { shown } from '../../core/contract/text';

export interface Dependencies {
  /** The routes of the API, such as `GET /v1/jobs/{id}`. */
  routes: readonly string[];
}

/**
 * Answers all requests without a route: 404 for an unknown path, 405 for a method that the path
 * does not support. Also answers a browser's preflight request (`OPTIONS`, a route that only exists
 * if an origin is allowed), to which the gateway adds the CORS headers.
 */
export const handler = lambdaHandler((): Dependencies => ({ routes: env('routes').split(',') }), noRoute);

export function noRoute(request: Request, { routes }: Dependencies, tools: Tools): Promise<Response> {
  return framed(request, tools, async () => {
    if (request.routeKey.startsWith('OPTIONS ')) return { statusCode: 204 };
    caller(request);
    const { method } = request.requestContext.http;
    const path = request.rawPath;
    const methods = methodsAt(routes, path);
    if (methods.length === 0) throw new Refusal(404, 'not_found', `There is no route ${shown(path)}`);
    const allow = methods.join(', ');
    const message = `${shown(path)} supports ${allow}; got ${shown(method)}`;
    throw new Refusal(405, 'invalid_request', message, { headers: { allow } });
  });
}
