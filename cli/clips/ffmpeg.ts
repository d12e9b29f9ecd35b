import { spawn } from 'node:child_process';
import { extname, resolve } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { z } from 'zod';
import { CliError } from '../errors';
import { shown } from '../format';

/** Oldest major version whose options are used. */
const LEAST_VERSION = 4;
const INSTALL =
  'Install it, for example with "apt install ffmpeg", "brew install ffmpeg" or "winget install ffmpeg", ' +
  'and make sure that its folder is in PATH';

/** A recording, as ffprobe describes it. */
export interface Media {
  path: string;
  /** File extension without the dot. */
  ending: string;
  hasVideo: boolean;
  /** Seconds. Undefined if the file does not tell. */
  duration?: number;
}

const Probed = z.object({
  streams: z.array(
    z.object({
      codec_type: z.string().optional(),
      disposition: z.object({ attached_pic: z.number().optional() }).optional(),
    }),
  ),
  format: z.object({ duration: z.coerce.number().positive().optional().catch(undefined) }),
});

/** @throws CliError `ffmpeg_missing` if ffmpeg or ffprobe cannot be run, or is too old */
export async function checkFfmpeg(signal: AbortSignal): Promise<void> {
  for (const program of ['ffmpeg', 'ffprobe']) {
    const version = await run(program, ['-version'], signal);
    // Builds from the sources have no number of a release.
    const [, major] = /version n?(\d+)\.\d/.exec(version) ?? [];
    if (major !== undefined && Number(major) < LEAST_VERSION)
      throw new CliError(
        'ffmpeg_missing',
        `${program} ${major} is too old: version ${LEAST_VERSION} or newer is required`,
      );
  }
}

/** @throws CliError `ffmpeg_failed` if the file is not media */
export async function probe(path: string, signal: AbortSignal): Promise<Media> {
  const entries = ['-show_entries', 'stream=codec_type:stream_disposition=attached_pic:format=duration'];
  const found = await run('ffprobe', ['-v', 'error', ...entries, '-of', 'json', ...input(path)], signal);
  const { streams, format } = Probed.parse(JSON.parse(found));
  const hasVideo = streams.some(
    ({ codec_type, disposition }) => codec_type === 'video' && disposition?.attached_pic !== 1,
  );
  return { path, ending: extname(path).slice(1), hasVideo, duration: format.duration };
}

/** Runs ffmpeg. @throws CliError `ffmpeg_failed` with the last line of its messages */
export const ffmpeg = (args: readonly string[], signal: AbortSignal): Promise<string> =>
  run('ffmpeg', args, signal);

/** Opens a file of any name, and nothing else that it refers to. */
export const input = (path: string) => ['-protocol_whitelist', 'file', '-i', `file:${resolve(path)}`];

/** Runs a program and returns its output. It has ended when this returns or throws. */
async function run(program: string, args: readonly string[], signal: AbortSignal): Promise<string> {
  signal.throwIfAborted();
  // A group of its own: Ctrl-C would reach it, too, and it would finish half of a file.
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const kill = () => child.kill('SIGKILL');
  signal.addEventListener('abort', kill);
  try {
    const ended = new Promise<number | null>((done, fail) => child.once('close', done).once('error', fail));
    const [code, out, err] = await Promise.all([ended, text(child.stdout), buffer(child.stderr)]);
    signal.throwIfAborted();
    if (code === 0) return out;
    const reason = shown(err.toString().trim().split('\n').at(-1) ?? '') || `status ${code}`;
    throw new CliError('ffmpeg_failed', `${program} failed: ${reason}`);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new CliError('ffmpeg_missing', `${program} was not found. ${INSTALL}`);
    if (error instanceof CliError) throw error;
    throw new CliError('ffmpeg_missing', `${program} cannot be run: ${message}`, undefined, { cause: error });
  } finally {
    signal.removeEventListener('abort', kill);
  }
}
