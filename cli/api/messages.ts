import type { ErrorBody } from '../../core/contract/values';

// Parts of requests and answers.

/** Headers of a JSON body. */
export const JSON_TYPE = { 'content-type': 'application/json' };

export const jsonBody = (value: object): RequestInit => ({ body: JSON.stringify(value), headers: JSON_TYPE });

export const jobPath = (id: string) => `/v1/jobs/${encodeURIComponent(id)}`;

export const voicePath = (id: string) => `/v1/voices/${encodeURIComponent(id)}`;

/** The error in an answer, if there is one. */
export function errorIn(text: string): Partial<ErrorBody> {
  try {
    return (JSON.parse(text) as Partial<ErrorBody> | null) ?? {};
  } catch {
    return {};
  }
}
