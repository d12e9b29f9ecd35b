import { z } from 'zod';
import type { Benchmark } from '../benchmark';
import { type Figure, median } from '../figure';
import { lacksProduction, measureInProduction } from './production';

/** Each chunk holds up to three speakers, and pooling takes little time. */
const LEAST_BESIDE_PLAIN = 2;

const seconds = z.array(z.number().positive()).min(1);
const ways = { plain: seconds, shared: seconds };

const diarization = z.object({
  device: z.string(),
  /** Length of the audio in seconds. */
  audio: z.number(),
  ...ways,
  /** Processor seconds, which hardly depend on other load of the machine. */
  processor: z.object(ways),
});

/** The embeddings of speakers with shared frames compared with pyannote's own way. */
export const whisperDiarization: Benchmark = {
  name: 'whisper-diarization',
  lacks: lacksProduction,
  run: async (context) => diarizationFigures(await measureInProduction('diarization', diarization, context)),
};

export function diarizationFigures(found: z.infer<typeof diarization>): Figure[] {
  const { device, audio, plain, shared, processor } = found;
  return [
    {
      name: `diarization: embeddings beside pyannote's own way (${device})`,
      value: median(plain) / median(shared),
      unit: '×',
      least: LEAST_BESIDE_PLAIN,
    },
    {
      name: 'diarization: … in processor time',
      value: median(processor.plain) / median(processor.shared),
      unit: '×',
    },
    { name: 'diarization: … real time', value: audio / median(shared), unit: '×' },
  ];
}
