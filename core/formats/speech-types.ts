import type { SpeechFileFormat } from '../contract/names';

/** Media types of the formats of speech. Twin of those in the speech service. */
export const SPEECH_TYPE: Record<SpeechFileFormat, string> = {
  mp3: 'audio/mpeg',
  opus: 'audio/ogg',
  aac: 'audio/aac',
  flac: 'audio/flac',
  wav: 'audio/wav',
  pcm: 'audio/pcm',
  m4b: 'audio/mp4',
};
