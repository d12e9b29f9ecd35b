import { shownValue } from '../../../core/contract/text';
import { Refusal } from '../../frame/refusal';

/** A text, or its token ids. */
export type Input = string | number[];

/** OpenAI's limit: https://platform.openai.com/docs/api-reference/embeddings/create */
const MOST_INPUTS = 2048;

/** Token ids are indices of a vocabulary; none has more than a few hundred thousand. */
const MOST_ID = 2 ** 31 - 1;

const KINDS = 'a text, a list of texts, a list of token ids, or a list of such lists';

/**
 * The inputs in the field `input`.
 *
 * @throws Refusal (400) if it is neither, is empty, or is too long a list
 */
export function inputsOf(value: unknown): Input[] {
  if (typeof value === 'string') return [checkedText(value, 'input')];
  if (!Array.isArray(value)) throw invalid('input', `must be ${KINDS}; got ${shownValue(value)}`);
  if (value.length === 0) throw invalid('input', 'is an empty list: send at least one text');
  if (typeof value[0] === 'number') return [checkedIds(value, 'input')];
  if (value.length > MOST_INPUTS) {
    const cure = 'Send several requests, or the corpus to POST /v1/jobs';
    throw invalid('input', `must have at most ${MOST_INPUTS} entries; got ${value.length}. ${cure}`);
  }
  const check = typeof value[0] === 'string' ? checkedText : checkedIds;
  return value.map((entry: unknown, index) => check(entry, `input[${index}]`));
}

function checkedText(value: unknown, param: string): string {
  if (typeof value !== 'string')
    throw invalid(param, `must be a text, like the first entry; got ${shownValue(value)}`);
  if (value.trim() === '') throw invalid(param, 'is empty: send at least one character that is not a space');
  if (!value.isWellFormed()) throw invalid(param, 'is not valid Unicode: remove lone surrogates');
  return value;
}

function checkedIds(value: unknown, param: string): number[] {
  if (!Array.isArray(value))
    throw invalid(
      param,
      `must be a text or a list of token ids, like the first entry; got ${shownValue(value)}`,
    );
  if (value.length === 0) throw invalid(param, 'is an empty list: send at least one token id');
  const at = value.findIndex((id) => !Number.isInteger(id) || id < 0 || id > MOST_ID);
  if (at >= 0)
    throw invalid(
      param,
      `must have only token ids, which are whole numbers from 0; got ${shownValue(value[at])}`,
    );
  return value as number[];
}

const invalid = (param: string, complaint: string) =>
  new Refusal(400, 'invalid_request', `"${param}" ${complaint}`, { param });
