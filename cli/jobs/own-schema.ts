import { readFile } from 'node:fs/promises';
import { answerSchemaFault } from '../../core/tasks/answer-schema';
import { CliError, UsageError } from '../errors';

/**
 * Reads the JSON schema of `--schema`, and checks it before a recording is uploaded.
 *
 * @throws CliError if the file cannot be read; UsageError if it is not a supported JSON schema
 */
export async function ownSchema(file: string): Promise<Record<string, unknown>> {
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new CliError('file_unreadable', `Cannot read ${file}: ${error.message}`);
  });
  const schema = parsed(text, file);
  const fault = answerSchemaFault(schema);
  if (fault === undefined) return schema as Record<string, unknown>;
  const where = [file, fault.path.join('.')].filter((each) => each !== '').join(', ');
  throw new UsageError(`The schema cannot be used (${where}). ${fault.reason}`);
}

function parsed(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${file} is not JSON: ${(error as Error).message}`, { cause: error });
  }
}
