import { Embedding, type EmbeddingView } from '../../core/contract/work/embedding';
import type { JobRow } from '../../core/contract/job';
import { KEY, partName } from '../../core/contract/keys';
import { shown } from '../../core/contract/text';
import { TASKS } from '../../core/tasks';
import type { Request } from '../frame/caller';
import { fitted } from '../frame/fitted';
import { Refusal, type Response } from '../frame/refusal';
import { type Results, resultHeaders, storedResult, urlOf } from './stored-result';

/**
 * The result of an embedding: a document that lists its files, or with `?file=<name>` a redirect to
 * one of them.
 *
 * @throws Refusal (404) if there is no such file; as {@link storedResult}
 */
export async function embeddingResult(request: Request, row: JobRow, results: Results): Promise<Response> {
  const { text } = await storedResult(row, TASKS.embedding, results);
  const embedding = Embedding.parse(JSON.parse(await text()));
  const names = embedding.files.map((_, index) => partName(index + 1, embedding.format));
  const { file: wanted } = request.queryStringParameters ?? {};
  if (wanted === undefined) {
    const headers = { ...resultHeaders(`${row.id}.embedding.json`), 'content-type': 'application/json' };
    const body = JSON.stringify(viewOf(row, embedding, names));
    return fitted(request, { param: 'format', name: 'json' }, headers, body);
  }
  const index = names.indexOf(wanted);
  const file = embedding.files[index];
  if (file === undefined) {
    const known = names.length === 0 ? 'it has no files' : `its files are ${names[0]} to ${names.at(-1)}`;
    const message = `Job ${row.id} has no file ${shown(wanted)}: ${known}`;
    throw new Refusal(404, 'not_found', message, { param: 'file' });
  }
  const location = await urlOf(KEY.part(row.id, file.attempt, index + 1, embedding.format), results);
  return { statusCode: 302, headers: { ...resultHeaders(`${row.id}.${wanted}`), location } };
}

const viewOf = ({ id }: JobRow, embedding: Embedding, names: string[]): EmbeddingView => ({
  ...embedding,
  files: embedding.files.map(({ rows, bytes }, index) => {
    const name = names[index]!;
    return { name, rows, bytes, path: `/v1/jobs/${id}/embedding?file=${name}` };
  }),
});
