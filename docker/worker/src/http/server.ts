import { type FastifyInstance, fastify, LogController } from 'fastify';
import { type DirectRoute, refuse } from './direct-route';
import type { Health } from './health';
import type { Log } from '../log';
import type { Metrics } from './metrics';
import { newRequestId } from './request-id';
import { shown } from '../../../../core/contract/text';

const METHODS = ['GET', 'HEAD', 'POST'] as const;

/**
 * The internal server of the worker: health, metrics and, on paths with two models, the synchronous
 * route for audio. It exposes no data of jobs.
 */
export function createServer(
  health: Health,
  metrics: Metrics,
  log: Log,
  direct?: DirectRoute,
): FastifyInstance {
  const server = fastify({
    loggerInstance: log,
    genReqId: newRequestId,
    // An open connection must not prevent the worker from stopping.
    forceCloseConnections: true,
    logController: new LogController({ disableRequestLogging: true }),
  });

  server.get('/health', (_request, reply) => {
    const { reasons, missed } = health;
    return reasons.length === 0
      ? reply.send({ status: 'ok', ...(missed.length > 0 && { missed }) })
      : reply.code(503).send({ status: 'unhealthy', reason: reasons.join('; ') });
  });

  server.get('/metrics', async (_request, reply) =>
    reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  );

  server.addHook('onRequest', (request, reply, done) => {
    // Set on the raw response, so that streamed answers have it, too.
    reply.raw.setHeader('x-request-id', request.id);
    done();
  });
  server.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? '';
    const methods = METHODS.filter((method) => server.hasRoute({ method, url: path }));
    if (methods.length === 0) return refuse(reply, 404, 'not_found', `There is no route ${shown(path)}`);
    const allowed = methods.join(', ');
    const message = `${shown(path)} takes ${allowed}; got ${shown(request.method)}`;
    return refuse(reply.header('allow', allowed), 405, 'invalid_request', message);
  });
  server.setErrorHandler((error, request, reply) => {
    const status = (error as { statusCode?: number }).statusCode ?? 500;
    if (status < 500) return refuse(reply, status, 'invalid_request', (error as Error).message.slice(0, 300));
    log.error({ err: error, request_id: request.id }, 'a request failed');
    return refuse(reply, 500, 'internal', 'The request failed unexpectedly');
  });

  if (direct !== undefined) direct.register(server as unknown as FastifyInstance);

  return server as unknown as FastifyInstance;
}
