import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { BenchContext, Benchmark } from '../benchmark';
import { type Figure, median } from '../figure';
import { type Rounds, rounds, totalFigures, transcriptFigures } from './hybrid-figures';
import { HybridMachine, laptopPython } from './hybrid-machine';
import { measureIn } from './production';

const ROUNDS = 4;
const AUDIO_SECONDS = 150;
const WARM_UP_SECONDS = 20;
const TARGET_TRANSCRIPT = 1.1;
const TARGET_TOTAL = 0.9;
const SAMPLE = join(__dirname, '..', '..', 'samples', 'good-morning.flac');

const sharedDevice = z.object({
  ...rounds.shape,
  /** Share of the transcriber's time on the device, 0 to 1. The analyst's share is 1. */
  device_share: z.number(),
});

/** Time to the readable transcript with both services, compared with whisper alone. */
export const hybridTranscript: Benchmark = {
  name: 'hybrid-transcript',
  run: async (context) =>
    transcriptFigures('hybrid-transcript', await onProcessors(context), TARGET_TRANSCRIPT),
};

/** Time to both results, with concurrent services compared with sequential ones. */
export const hybridTotal: Benchmark = {
  name: 'hybrid-total',
  run: async (context) => totalFigures('hybrid-total', await onProcessors(context), TARGET_TOTAL),
};

/** The same two ratios for simulated loads on one device that does one thing at a time. */
export const hybridSharedDevice: Benchmark = {
  name: 'hybrid-shared-device',
  run: async (context) => {
    const python = await laptopPython(context);
    return sharedDeviceFigures(await measureIn(python, 'shared-device', sharedDevice, context));
  },
};

/** Figures without targets, because the loads are mostly assumed. */
export function sharedDeviceFigures(found: z.infer<typeof sharedDevice>): Figure[] {
  const name = 'hybrid-shared-device';
  const alone = median(found.in_turn.map(({ transcript }) => transcript));
  const inTurn = median(found.in_turn.map(({ total }) => total));
  const busy = alone * found.device_share + (inTurn - alone);
  return [
    ...transcriptFigures(name, found),
    ...totalFigures(name, found),
    { name: `${name}: … least if the device never waited`, value: Math.max(alone, busy) / inTurn, unit: '×' },
    { name: `${name}: … whisper’s share on the device`, value: found.device_share * 100, unit: '%' },
  ];
}

let measured: Promise<Rounds> | undefined;
/** Both benchmarks share the results of one run. */
const onProcessors = (context: BenchContext): Promise<Rounds> => (measured ??= measure(context));

/** Real services with the laptop's engines, each of which keeps one processor busy. */
async function measure(context: BenchContext): Promise<Rounds> {
  const { say, signal } = context;
  say('starting both services');
  const machine = await HybridMachine.start(context);
  try {
    let recorded = 0;
    const unheard = async (seconds: number): Promise<string> => {
      const name = `${++recorded}.flac`;
      await record(join(machine.shared, name), seconds, softer(recorded), signal);
      return name;
    };
    await machine.atOnce(await unheard(WARM_UP_SECONDS));
    const found: Rounds = { in_turn: [], at_once: [] };
    for (let round = 1; round <= ROUNDS; round++) {
      const ways = ['in_turn', 'at_once'] as const;
      // Alternates which is first, so that other load of the machine affects both.
      for (const way of round % 2 === 1 ? ways : ways.toReversed()) {
        const audio = await unheard(AUDIO_SECONDS);
        const took = await (way === 'in_turn' ? machine.inTurn(audio) : machine.atOnce(audio));
        found[way].push(took);
        const seconds = `transcript ${took.transcript.toFixed(1)} s, both ${took.total.toFixed(1)} s`;
        say(`round ${round}/${ROUNDS}, ${way === 'in_turn' ? 'one after the other' : 'at once'}: ${seconds}`);
      }
    }
    return found;
  } finally {
    await machine.stop();
  }
}

/**
 * Volume of the recording with this number, 0 to 1. All recordings must differ, because Voxtral's
 * laptop engine caches results.
 */
export const softer = (recording: number): number => 1 - recording / 100;

/** Repeats the sample to an exact length. */
async function record(file: string, seconds: number, volume: number, signal: AbortSignal): Promise<void> {
  const input = ['-stream_loop', '-1', '-i', SAMPLE, '-t', String(seconds), '-af', `volume=${volume}`];
  await promisify(execFile)('ffmpeg', ['-nostdin', '-v', 'error', ...input, '-c:a', 'flac', file], {
    signal,
  });
}
