import type { APIGatewayProxyEventV2WithLambdaAuthorizer } from 'aws-lambda';
import { busy, Refusal } from './refusal';

/** What the authorizer says of the caller. */
export interface Caller {
  tenant: string;
  key_id: string;
  /** Seconds of audio that the key may use each UTC day. @default - no limit */
  audio_seconds_per_day?: number;
}

/** The authorizer could not look the key up. */
export interface Unchecked {
  unchecked: true;
}

/** Of a key that nobody knows the authorizer says nothing. */
export type Request = APIGatewayProxyEventV2WithLambdaAuthorizer<
  (Partial<Caller> & Partial<Unchecked>) | null
>;
/**
 * @throws Refusal (503) if the key could not be looked up; (401) if the request has no key, or one that is not known or
 *   has been revoked
 */
export function caller({
  requestContext,
  headers,
}: Pick<Request, 'requestContext'> & Partial<Pick<Request, 'headers'>>): Caller {
  // A route that lacks its authorizer by mistake has no context, and lets nobody in.
  const { tenant, key_id, unchecked, ...more } = requestContext.authorizer?.lambda ?? {};
  if (unchecked !== undefined) throw busy();
  if (tenant !== undefined && key_id !== undefined) return { tenant, key_id, ...more };
  const message =
    headers?.authorization === undefined
      ? "The API key is missing. Send 'Authorization: Bearer <key>'"
      : 'The API key is not known, or has been revoked';
  throw new Refusal(401, 'unauthorized', message, { headers: { 'www-authenticate': 'Bearer' } });
}
