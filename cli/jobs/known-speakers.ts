import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { InvalidArgumentError } from 'commander';
import { OPTION_LIMITS, SPEAKER_LIMITS, VOICE_LIMITS } from '../../core/contract/limits';
import type { JobOptions, SubmittedOptions } from '../../core/contract/work/options';
import { CliError, UsageError } from '../errors';

/** A speaker's name, and a recording of the voice. */
export interface NamedSpeaker {
  name: string;
  /** @default - the name is given by the order of the first words */
  file?: string;
}

/** The type is not looked at: the service detects it. */
const HEAD = 'data:audio/x-recording;base64,';
/** Largest recording in bytes, of which base64 makes a third more characters. */
const MOST_BYTES = Math.floor(((SPEAKER_LIMITS.reference - HEAD.length) / 4) * 3) - 3;

/** Adds a speaker given as `name` or `name=file` to the earlier ones. */
export function namedSpeaker(text: string, earlier: NamedSpeaker[] = []): NamedSpeaker[] {
  const [name = '', ...rest] = text.split('=');
  const { length } = [...name];
  if (length === 0 || length > SPEAKER_LIMITS.name)
    throw new InvalidArgumentError(`The name must have 1 to ${SPEAKER_LIMITS.name} characters.`);
  if (earlier.some((each) => each.name === name))
    throw new InvalidArgumentError(`The name ${name} is given twice.`);
  if (earlier.length === OPTION_LIMITS.speakers)
    throw new InvalidArgumentError(`At most ${OPTION_LIMITS.speakers} speakers are allowed.`);
  return [...earlier, rest.length === 0 ? { name } : { name, file: rest.join('=') }];
}

/** Parses `all`, or names or ids of voices separated by commas. */
export function chosenVoices(list: string): NonNullable<SubmittedOptions['voices']> {
  if (list.trim() === 'all') return 'all';
  const names = [...new Set(list.split(',').map((name) => name.trim()))];
  const most = VOICE_LIMITS.chosen;
  if (names.length <= most && !names.includes('')) return names;
  throw new InvalidArgumentError(`It must be "all", or a list of 1 to ${most} voices separated by commas.`);
}

/**
 * The options of the API for known speakers.
 *
 * @throws UsageError unless all speakers have a recording, or none; CliError if one cannot be read
 */
export async function speakerOptions(
  speakers: readonly NamedSpeaker[] = [],
): Promise<Pick<SubmittedOptions, 'known_speaker_names' | 'known_speaker_references'>> {
  if (speakers.length === 0) return {};
  const known_speaker_names = speakers.map(({ name }) => name);
  const files = speakers.flatMap(({ file }) => file ?? []);
  if (files.length === 0) return { known_speaker_names };
  const without = speakers.find(({ file }) => file === undefined);
  if (without !== undefined)
    throw new UsageError(
      `--speaker ${without.name} has no recording, but others have: add =FILE to it, or remove theirs`,
    );
  if (files.length > SPEAKER_LIMITS.references)
    throw new UsageError(`At most ${SPEAKER_LIMITS.references} speakers may have a recording`);
  return { known_speaker_names, known_speaker_references: await Promise.all(files.map(recordingUrl)) };
}

/**
 * A recording of a voice as a data URL.
 *
 * @throws CliError if it cannot be read, or is empty or too large
 */
export async function recordingUrl(file: string): Promise<string> {
  const content = await readFile(file).catch((error: Error) => {
    throw new CliError('file_unreadable', `Cannot read ${file}: ${error.message}`);
  });
  if (content.length === 0) throw new CliError('bad_audio', `${file} is empty`);
  if (content.length <= MOST_BYTES) return HEAD + content.toString('base64');
  const message = `${file} has ${content.length} bytes; at most ${MOST_BYTES} are accepted. Some seconds of the voice are enough`;
  throw new CliError('upload_too_large', message);
}

/** Options for the record of a result: hashes stand for recordings. */
export const recordedOptions = ({
  known_speaker_references: urls,
  ...options
}: SubmittedOptions): JobOptions & Record<string, unknown> =>
  urls === undefined ? options : { ...options, known_speaker_references: urls.map(hashOf) };

const hashOf = (url: string) => createHash('sha256').update(url).digest('hex');
