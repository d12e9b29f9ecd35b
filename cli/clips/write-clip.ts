import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { draftOf, placeNew } from '../atomic-write';
import { CliError } from '../errors';
import { ffmpeg, input, type Media } from './ffmpeg';
import { CLIP_FORMATS, type ClipFormatName } from './formats';
import type { Clip, PlannedClip } from './plan';

/** What ffmpeg does. */
export interface Cutting {
  format: ClipFormatName;
  /** Copies the streams, so that a clip begins at a key frame. */
  copies: boolean;
  /** Number of the sound track, from 1. @default - the first one */
  track?: number;
}

/** Arguments that cut a clip. With encoding, it begins and ends at the exact frame. */
export function cutArguments(media: string, clip: Clip, target: string, cutting: Cutting): string[] {
  const { muxer, audio, ...more } = CLIP_FORMATS[cutting.format];
  const video = 'video' in more ? more.video : undefined;
  return [
    ...['-nostdin', '-hide_banner', '-v', 'error'],
    ...['-ss', String(clip.start), ...input(media), '-t', String(clip.end - clip.start)],
    // V: video that is not a cover picture. Neither it nor the sound is required.
    ...(video === undefined ? [] : ['-map', '0:V:0?']),
    ...['-map', `0:a:${(cutting.track ?? 1) - 1}?`],
    // The recording's own metadata may tell where it was made, and its chapters do not fit.
    ...['-map_metadata', '-1', '-map_chapters', '-1', '-metadata', `title=${clip.title}`],
    ...(cutting.copies ? ['-c', 'copy', '-avoid_negative_ts', 'make_zero'] : [...(video ?? []), ...audio]),
    ...['-f', muxer, '-n', `file:${resolve(target)}`],
  ];
}

/**
 * Cuts a clip into a new file, which gets its name when it is complete.
 *
 * @returns false if another file got the name meanwhile
 * @throws CliError `ffmpeg_failed`, `bad_audio`, `write_failed`; the reason of the signal
 */
export async function writeClip(
  clip: PlannedClip,
  media: Media,
  cutting: Cutting,
  force: boolean,
  signal: AbortSignal,
): Promise<boolean> {
  const { duration = Infinity } = media;
  if (clip.start >= duration)
    throw new CliError('bad_audio', `The clip starts at ${clip.start} s, but ${media.path} ends before`);
  const draft = draftOf(clip.path);
  try {
    await mkdir(dirname(clip.path), { recursive: true });
    await ffmpeg(cutArguments(media.path, clip, draft, cutting), signal);
    if (!force) return await placeNew(draft, clip.path);
    await rename(draft, clip.path);
    return true;
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError('write_failed', `Cannot write ${clip.path}: ${(error as Error).message}`);
  } finally {
    await rm(draft, { force: true });
  }
}
