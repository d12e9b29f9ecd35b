import type { Benchmark } from './benchmark';
import { accuracy } from './accuracy/accuracy';
import { accuracySpeakers } from './accuracy/speakers';
import { whisperDiarization } from './models/diarization';
import { embeddingsCorpus, embeddingsLoad, embeddingsLoadBase } from './embeddings/embeddings';
import { frontDoor } from './front-door/front-door';
import { handlers } from './handlers';
import { hybridSharedDevice, hybridTotal, hybridTranscript } from './models/hybrid';
import { modelFetch } from './fetch/model-fetch';
import { transcriptsFirst } from './transcripts-first';
import { treeFetch } from './fetch/tree-fetch';
import { search } from './search/search';
import { speechStream, speechWords } from './speech/speech';
import { synthesis } from './synthesis';
import { voxtralTasks, voxtralThroughput } from './models/voxtral';
import { wake } from './wake';
import { whisperThreads } from './models/threads';
import { whisperLoad, whisperMemory, whisperThroughput } from './models/whisper';
import { workerOverhead } from './worker-overhead';

/** All benchmarks in run order. */
export const BENCHMARKS: readonly Benchmark[] = [
  ...[handlers, synthesis, wake, workerOverhead, transcriptsFirst, frontDoor, search],
  ...[whisperThroughput, whisperLoad, whisperMemory, whisperThreads, whisperDiarization],
  ...[hybridTranscript, hybridTotal, hybridSharedDevice, modelFetch, treeFetch],
  ...[voxtralThroughput, voxtralTasks],
  ...[embeddingsLoad, embeddingsLoadBase, embeddingsCorpus],
  ...[speechStream, speechWords, accuracy, accuracySpeakers],
];
