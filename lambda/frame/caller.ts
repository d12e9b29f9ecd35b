import type { APIGatewayProxyEventV2WithLambdaAuthorizer } from 'aws-lambda';
import { busy, Refusal } from './refusal';

/** The caller, as the authorizer reports it. */
export interface Caller {
  tenant: string;
  key_id: string;
  /** What the key may use each UTC day: `Measures` as JSON. @default - no limits */
  units_per_day?: string;
}

/** The authorizer could not look up the key. */
export interface Unchecked {
  unchecked: true;
}

/** For an unknown key, the authorizer returns no context. */
export type Request = APIGatewayProxyEventV2WithLambdaAuthorizer<
  (Partial<Caller> & Partial<Unchecked>) | null
>;

/**
 * Returns the caller of a request.
 *
 * @throws Refusal (503) if the key could not be looked up; (401) if the key is missing, unknown or
 *   revoked
 */
export function caller({
  requestContext,
  headers,
}: Pick<Request, 'requestContext'> & Partial<Pick<Request, 'headers'>>): Caller {
  // A route without an authorizer, by mistake, has no context: its requests are refused.
  const { tenant, key_id, unchecked, ...more } = requestContext.authorizer?.lambda ?? {};
  if (unchecked !== undefined) throw busy();
  if (tenant !== undefined && key_id !== undefined) return { tenant, key_id, ...more };
  const message =
    headers?.authorization === undefined
      ? "The API key is missing. Send 'Authorization: Bearer <key>'"
      : 'The API key is unknown or has been revoked';
  throw new Refusal(401, 'unauthorized', message, { headers: { 'www-authenticate': 'Bearer' } });
}
