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
  /** Of the transcriber's time alone, what it spends on the device, 0 to 1; the analyst spends all of its own there. */
  device_share: z.number(),
});

/** Time to the readable transcript, both services at work beside whisper alone. */
export const hybridTranscript: Benchmark = {
  name: 'hybrid-transcript',
  run: async (context) =>
    transcriptFigures('hybrid-transcript', await onProcessors(context), TARGET_TRANSCRIPT),
};

/** Time until both results are there, both services at once beside one after the other. */
export const hybridTotal: Benchmark = {
  name: 'hybrid-total',
  run: async (context) => totalFigures('hybrid-total', await onProcessors(context), TARGET_TOTAL),
};

/** The same two ratios of stand-in loads that share one device, which does one thing at a time. */
export const hybridSharedDevice: Benchmark = {
  name: 'hybrid-shared-device',
  run: async (context) => {
    const python = await laptopPython(context);
    return sharedDeviceFigures(await measureIn(python, 'shared-device', sharedDevice, context));
  },
};

/** Without targets: whether those can be met depends on the loads, and what is known of them is little. */
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
/** What one run has measured is enough for both benchmarks. */
const onProcessors = (context: BenchContext): Promise<Rounds> => (measured ??= measure(context));

/** Real services with the laptop's engines, which keep a processor busy each. */
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
      // In turns as to which is first: a busy moment of the machine strikes both.
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
 * How loud the recording of that number is, 0 to 1: Voxtral's engine of the laptop knows again what it has heard, so
 * that no two recordings may be the same.
 */
export const softer = (recording: number): number => 1 - recording / 100;

/** The sample over and over, for exactly as long as is wanted. */
async function record(file: string, seconds: number, volume: number, signal: AbortSignal): Promise<void> {
  const input = ['-stream_loop', '-1', '-i', SAMPLE, '-t', String(seconds), '-af', `volume=${volume}`];
  await promisify(execFile)('ffmpeg', ['-nostdin', '-v', 'error', ...input, '-c:a', 'flac', file], {
    signal,
  });
}
