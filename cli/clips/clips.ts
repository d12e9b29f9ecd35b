import { type Command, Option } from 'commander';
import type { Context } from '../context';
import * as parse from '../options';
import { type ClipsOptions, cutClips } from './cut-clips';
import { CLIP_FORMAT_NAMES } from './formats';

/** `spotscribe clips` */
export function registerClips(program: Command, context: Context): void {
  program
    .command('clips')
    .summary('cut highlights or chapters out of a recording')
    .description(
      'Cuts the highlights of an analysis out of the recording with ffmpeg, on this machine. The analysis needs them: ' +
        'transcribe with --tasks highlights,chapters.\n\n' +
        'Clips that exist are kept, so you can interrupt and repeat the command. ffmpeg must be installed.',
    )
    .argument('<job|folder>', 'id of a job, a folder with results, or one .analysis.json file')
    .option('--media <file>', 'the recording (default: the file that the results were made from)')
    .option('--out <folder>', 'folder for the clips (default: next to the recording)')
    .option('--chapters', 'cut the chapters instead of the highlights')
    .option('--top <n>', 'only the n best highlights, or the first n chapters', parse.wholeNumber(1, 1000))
    .addOption(
      new Option('--format <format>', 'file format (default: mp4, or mp3 without video)').choices(
        CLIP_FORMAT_NAMES,
      ),
    )
    .option(
      '--copy',
      'copy the streams without encoding: fast and without loss, but a clip with video begins at the key frame before it',
    )
    .option('--force', 'replace clips that exist')
    .option('--dry-run', 'show the clips without cutting them')
    .addOption(parse.urlOption())
    .addOption(parse.keyOption())
    .option('--json', 'print JSON lines: one for each clip, then a summary')
    .addHelpText(
      'after',
      '\nExamples:\n' +
        '  spotscribe transcribe talk.mp4 --tasks highlights,chapters\n' +
        '  spotscribe clips talk.analysis.json --top 3\n' +
        '  spotscribe clips . --chapters --format mp3 --out chapters',
    )
    .action((target: string, options: ClipsOptions) => cutClips(target, options, context));
}
