import { machineCost } from './rates';
import { exactly, type Range, voxtralAnalysisSeconds, voxtralWordSeconds } from './voxtral-time';

/** The tasks that an analysis does by default. */
const ANALYSIS_TASKS = 6;
/** WhisperX's speed on a g4dn.xlarge, as seconds of audio in a second: measured by Spotscribe's predecessor. */
export const WHISPER_SPEED = 16.4;

/** What paths make of an hour of audio, and the seconds of a g4dn machine that it takes. */
export interface AudioWork {
  /** Names of the paths in settings. */
  paths: readonly string[];
  result: string;
  /** Seconds of a machine for an hour of audio. */
  seconds: Range;
  /** Where the time comes from. */
  basis: string;
}

/** Sources of times. */
const MEASURED = "measured by Spotscribe's predecessor";
export const COMPUTED = 'computed, not measured';

const whisper = 3600 / WHISPER_SPEED;
const words = voxtralWordSeconds();
/** Seconds of a g4dn machine for the analysis of an hour of audio. Computed. */
export const analysisOfAnHour = voxtralAnalysisSeconds(ANALYSIS_TASKS);

/** The paths that take recordings, as to what they cost. On path 500 the two models share one GPU. */
export const AUDIO_WORK: readonly AudioWork[] = [
  {
    paths: ['Traditional', 'DockerGpu', 'FastApi'],
    result: 'words',
    seconds: exactly(whisper),
    basis: MEASURED,
  },
  { paths: ['Voxtral'], result: 'words, no analysis', seconds: words, basis: COMPUTED },
  {
    paths: ['Voxtral'],
    result: 'words and analysis',
    seconds: { least: words.least + analysisOfAnHour.least, most: words.most + analysisOfAnHour.most },
    basis: COMPUTED,
  },
  {
    paths: ['Hybrid'],
    result: 'words and analysis',
    seconds: { least: whisper + analysisOfAnHour.least, most: whisper + analysisOfAnHour.most },
    basis: COMPUTED,
  },
];

/** How many times as long work takes as the words on path 200. */
export const timesWhisper = (seconds: Range): Range => ({
  least: seconds.least / whisper,
  most: seconds.most / whisper,
});

/** Dollars for an hour of audio, while the machine works without a pause. @param perHour of a machine */
export const audioHourCost = (perHour: number, seconds: Range): Range => ({
  least: machineCost(perHour, seconds.least),
  most: machineCost(perHour, seconds.most),
});

/** A list price of a hosted service in US dollars per hour of audio. */
export interface HostedPrice {
  service: string;
  perAudioHour: Range;
}

/** List prices, and when they were read on the providers' pages. */
export const HOSTED_AS_OF = 'November 2026';
const one = (service: string, price: number): HostedPrice => ({
  service,
  perAudioHour: exactly(price),
});
export const HOSTED: readonly HostedPrice[] = [
  one('DeepInfra, Whisper large-v3-turbo', 0.012),
  one('Groq, Whisper large-v3-turbo', 0.04),
  { service: 'AssemblyAI', perAudioHour: { least: 0.15, most: 0.21 } },
  { service: 'Mistral, Voxtral Mini', perAudioHour: { least: 0.18, most: 0.21 } },
  one('OpenAI, gpt-transcribe', 0.27),
  one('Amazon Transcribe', 1.44),
];
