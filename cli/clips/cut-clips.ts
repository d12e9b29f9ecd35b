import { dirname } from 'node:path';
import { isThere } from '../atomic-write';
import { ApiClient } from '../api/client';
import { type ConnectionOptions, findConnection } from '../api/connection';
import type { Context } from '../context';
import { CliError, type CliErrorCode } from '../errors';
import { EXIT } from '../exit-codes';
import { clock, duration, shown } from '../format';
import { checkFfmpeg, type Media, probe } from './ffmpeg';
import { type ClipFormatName, formatFor } from './formats';
import { type ClipKind, clipsOf, type PlannedClip, planClips } from './plan';
import { isJobId, recordingOfJob, type Source, sourcesAt } from './sources';
import { type Cutting, writeClip } from './write-clip';

/** Options of the command. */
export interface ClipsOptions extends ConnectionOptions {
  media?: string;
  out?: string;
  chapters?: boolean;
  top?: number;
  format?: ClipFormatName;
  copy?: boolean;
  force?: boolean;
  dryRun?: boolean;
  json?: boolean;
}

const PATIENCE_MS = 5000;
/** Difference in seconds between the recording and the analysis that is reported: the file may be another one. */
const TOLERANCE_SECONDS = 5;
/** Errors of one clip. The others are cut all the same. */
const FAILURES: readonly CliErrorCode[] = ['ffmpeg_failed', 'bad_audio'];

/** What became of a clip. */
interface Outcome {
  clip: PlannedClip;
  source: Source;
  status: 'planned' | 'done' | 'exists' | 'failed';
  error?: CliError;
}

/** Cuts the clips of all analyses that the argument names. */
export async function cutClips(target: string, options: ClipsOptions, context: Context): Promise<void> {
  const { terminal, interruption } = context;
  const kind: ClipKind = options.chapters === true ? 'chapters' : 'highlights';
  const sources = await sourcesOf(target, options, context);
  await checkFfmpeg(interruption);
  const outcomes: Outcome[] = [];
  try {
    for (const source of sources) await cutSource(source);
  } finally {
    summarise();
  }
  if (outcomes.some(({ status }) => status === 'failed')) context.exitWith(EXIT.failed);

  async function cutSource(source: Source): Promise<void> {
    const clips = clipsOf(source.analysis, kind);
    if (clips === undefined || clips.length === 0) return lacks(source, kind, sources.length, context);
    const media = await probe(source.recording, interruption);
    const difference = Math.abs((media.duration ?? source.analysis.duration) - source.analysis.duration);
    if (difference > TOLERANCE_SECONDS)
      terminal.say(
        `${source.recording} is ${duration(media.duration ?? 0)} long, but the analysis is of ` +
          `${duration(source.analysis.duration)} of audio: it may be of another file`,
      );
    const { ending, hasVideo } = media;
    const cutting: Cutting = {
      format: options.format ?? formatFor(ending, hasVideo, options.copy === true),
      copies: options.copy === true,
      track: source.analysis.track?.number,
    };
    const place = { recording: source.recording, folder: options.out ?? dirname(source.recording) };
    const planned = planClips(clips.slice(0, options.top), kind, { ...place, format: cutting.format });
    for (const [index, clip] of planned.entries()) {
      const title = `[${index + 1}/${planned.length}] ${positionOf(clip)}  ${shown(clip.title)}`;
      if (options.dryRun !== true) terminal.say(title);
      report(await cutOne(clip, source, media, cutting), title);
    }
  }

  async function cutOne(clip: PlannedClip, source: Source, media: Media, cutting: Cutting): Promise<Outcome> {
    const outcome = { clip, source };
    if (options.dryRun === true) return { ...outcome, status: 'planned' };
    if (options.force !== true && (await isThere(clip.path))) return { ...outcome, status: 'exists' };
    try {
      const created = await writeClip(clip, media, cutting, options.force === true, interruption);
      return { ...outcome, status: created ? 'done' : 'exists' };
    } catch (error) {
      interruption.throwIfAborted();
      if (!(error instanceof CliError) || !FAILURES.includes(error.code)) throw error;
      return { ...outcome, status: 'failed', error };
    }
  }

  function report(outcome: Outcome, title: string): void {
    outcomes.push(outcome);
    const { clip, status, error } = outcome;
    if (options.json === true) terminal.json(clipDocument(outcome));
    else if (status === 'planned') terminal.data(`${title}\n  ${shown(clip.path)}\n`);
    else if (status === 'done') terminal.data(`${clip.path}\n`);
    if (status === 'exists') terminal.say(`  ${shown(clip.path)} exists and is kept`);
    if (error !== undefined) terminal.say(`  ${terminal.style('red', 'failed:')} ${error.message}`);
  }

  function summarise(): void {
    const count = (status: Outcome['status']) => outcomes.filter((each) => each.status === status).length;
    const totals = { done: count('done'), exists: count('exists'), failed: count('failed') };
    if (options.json === true) terminal.json({ type: 'summary', clips: outcomes.length, ...totals });
    else if (options.dryRun !== true && outcomes.length > 1)
      terminal.say(`${totals.done} cut · ${totals.exists} kept · ${totals.failed} failed`);
  }
}

async function sourcesOf(target: string, options: ClipsOptions, context: Context): Promise<Source[]> {
  if (!isJobId(target)) return sourcesAt(target, options.media);
  const recording = await recordingOfJob(target, options.media);
  const { env } = context.terminal.around;
  const connection = await findConnection(options, env, context.localConnection);
  const client = new ApiClient(connection, { retryForMs: PATIENCE_MS, signal: context.interruption });
  return [{ name: target, analysis: await client.analysis(target), recording }];
}

/**
 * Reports an analysis without clips.
 *
 * @throws CliError `not_found` if it is the only one
 */
function lacks({ name, analysis }: Source, kind: ClipKind, sources: number, { terminal }: Context): void {
  const reason =
    (analysis[kind]?.length ?? 0) > 0
      ? `none of its ${kind} was found in the transcript`
      : `the analysis has no ${kind}: transcribe with --tasks ${kind}`;
  if (sources === 1) throw new CliError('not_found', `${name}: ${reason}`);
  terminal.say(`${name}: ${reason}`);
}

const clipDocument = ({ clip, source, status, error }: Outcome) => ({
  type: 'clip',
  source: source.name,
  ...clip,
  status,
  error: error && { code: error.code, message: error.message },
});

/** Start and length, such as `1:02 (38 s)`. */
const positionOf = ({ start, end }: PlannedClip) => `${clock(start)} (${duration(end - start)})`;
