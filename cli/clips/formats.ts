/** How a file format is written. */
export interface ClipFormat {
  /** Name of ffmpeg's muxer. */
  muxer: string;
  /** Options of the encoders. Formats without video have sound only. */
  video?: readonly string[];
  audio: readonly string[];
}

/** Even width and height, and the pixels that all players show. Quality 20 of H.264 is hard to tell from the original. */
const H264 = [
  '-vf',
  'scale=trunc(iw/2)*2:trunc(ih/2)*2',
  '-pix_fmt',
  'yuv420p',
  '-c:v',
  'libx264',
  '-crf',
  '20',
];
const AAC = ['-c:a', 'aac', '-b:a', '160k'];
const OPUS = ['-c:a', 'libopus', '-b:a', '96k'];

/** Formats of clips, by file extension. */
export const CLIP_FORMATS = {
  mp4: { muxer: 'mp4', video: H264, audio: [...AAC, '-movflags', '+faststart'] },
  mov: { muxer: 'mov', video: H264, audio: AAC },
  mkv: { muxer: 'matroska', video: H264, audio: AAC },
  webm: { muxer: 'webm', video: ['-c:v', 'libvpx-vp9', '-crf', '32', '-b:v', '0'], audio: OPUS },
  mp3: { muxer: 'mp3', audio: ['-c:a', 'libmp3lame', '-q:a', '2'] },
  m4a: { muxer: 'ipod', audio: AAC },
  opus: { muxer: 'opus', audio: OPUS },
  flac: { muxer: 'flac', audio: ['-c:a', 'flac'] },
  wav: { muxer: 'wav', audio: ['-c:a', 'pcm_s16le'] },
} as const satisfies Record<string, ClipFormat>;
export type ClipFormatName = keyof typeof CLIP_FORMATS;
export const CLIP_FORMAT_NAMES = Object.keys(CLIP_FORMATS) as ClipFormatName[];

/**
 * The format of clips of a recording.
 *
 * @param ending file extension of the recording, without the dot
 * @param copies whether its streams are copied, which only its own format, or Matroska, takes for certain
 */
export function formatFor(ending: string, hasVideo: boolean, copies: boolean): ClipFormatName {
  if (!copies) return hasVideo ? 'mp4' : 'mp3';
  return CLIP_FORMAT_NAMES.find((name) => name === ending.toLowerCase()) ?? 'mkv';
}
