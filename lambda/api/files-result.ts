import type { JobRow } from '../../core/contract/job';
import { shown } from '../../core/contract/text';
import type { Task } from '../../core/tasks/task';
import type { Request } from '../frame/caller';
import { fitted } from '../frame/fitted';
import { Refusal, type Response } from '../frame/refusal';
import { type Results, resultHeaders, storedResult, urlOf } from './stored-result';

/** A result whose files are objects of their own. */
export interface FilesOfResult {
  /** The keys of the files by their names, in their order. */
  keys: ReadonlyMap<string, string>;
  /** The document that lists them. */
  view: object;
}

/**
 * A result with files: a document that lists them, or with `?file=<name>` a redirect to one of them.
 *
 * @param filesOf the files of a stored result
 * @throws Refusal (404) if there is no such file; as {@link storedResult}
 */
export async function filesResult<S>(
  task: Task,
  filesOf: (stored: S) => FilesOfResult,
  { request, row, results }: { request: Request; row: JobRow; results: Results },
): Promise<Response> {
  const { text } = await storedResult(row, task, results);
  const { keys, view } = filesOf(task.result.parse(JSON.parse(await text())) as S);
  const { file: wanted } = request.queryStringParameters ?? {};
  if (wanted === undefined) {
    const headers = {
      ...resultHeaders(`${row.id}.${task.resultName}.json`),
      'content-type': 'application/json',
    };
    return fitted(request, { param: 'format', name: 'json' }, headers, JSON.stringify(view));
  }
  const key = keys.get(wanted);
  if (key === undefined) {
    const names = [...keys.keys()];
    const known = names.length === 0 ? 'it has no files' : `its files are ${range(names)}`;
    const message = `Job ${row.id} has no file ${shown(wanted)}: ${known}`;
    throw new Refusal(404, 'not_found', message, { param: 'file' });
  }
  const name = `${row.id}.${wanted}`;
  return { statusCode: 302, headers: { ...resultHeaders(name), location: await urlOf(key, results, name) } };
}

/** The names of the files: those of one kind are numbered, so the first and the last are enough. */
const range = (names: readonly string[]): string =>
  names.length < 4 ? names.join(', ') : `${names[0]} to ${names.at(-1)}`;

/** Path of the request that redirects to a file of a result. */
export const filePath = ({ id }: JobRow, { resultName }: Task, name: string): string =>
  `/v1/jobs/${id}/${resultName}?file=${name}`;
