import { caller, type Request } from '../frame/caller';
import { framed } from '../frame/http';
import { Refusal, type Response } from '../frame/refusal';
import { methodsAt } from '../../core/contract/http';
import { env, lambdaHandler, type Tools } from '../frame/runtime';
import { shown } from '../../core/contract/text';

export interface Dependencies {
  /** The routes that there are, such as `GET /v1/jobs/{id}`. */
  routes: readonly string[];
}

/**
 * What no other route answers: a path that is not known (404), or is known with other methods (405). To a browser's question
 * whether a page may call the API (`OPTIONS`, on a route that only exists where an origin is allowed) the gateway adds the
 * headers that say so.
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
    const message = `${shown(path)} takes ${allow}; got ${shown(method)}`;
    throw new Refusal(405, 'invalid_request', message, { headers: { allow } });
  });
}
