import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Context } from '../context';
import { UsageError } from '../errors';
import * as parse from '../options';
import { runSearch, type SearchOptions } from './run-search';

/** `spotscribe search` */
export function registerSearch(program: Command, context: Context): void {
  program
    .command('search')
    .summary('search transcripts by meaning')
    .description(
      'Finds the sentences of transcripts that answer a question, by meaning and by words, and says where they are: file, ' +
        'time and speaker.\n\n' +
        'The folder and its subfolders are searched for transcripts in every format of "spotscribe transcribe". The index is ' +
        'kept in .spotscribe/search.db in the folder. Each run first embeds new and changed files; you can interrupt it at any time.',
    )
    .argument('<question>', 'what to look for; with --index-only, the folder')
    .argument('[folder]', 'folder with transcripts')
    .addOption(parse.urlOption())
    .addOption(parse.keyOption())
    .addOption(
      new Option('--local', 'embed with a small model on this machine, instead of a deployment').conflicts([
        'url',
        'key',
      ]),
    )
    .option('--limit <n>', 'most results', parse.wholeNumber(1, 1000), 10)
    .option('--min-score <score>', 'least similarity of results, from -1 to 1 (default: any)', similarity)
    .option('--index <file>', 'file for the index (default: .spotscribe/search.db in the folder)')
    .option('--index-only', 'only make the index ready for searches')
    .option('--rebuild', 'make the index again')
    .option('--verbose', 'also print the similarity of each result')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n' +
        '  spotscribe search "how do bees survive the winter" interviews\n' +
        '  spotscribe search --local --limit 3 --json "who pays for the repairs" meetings\n' +
        '  spotscribe search --index-only interviews\n\n' +
        'Results are ordered by meaning and words together. The exit status is 4 if nothing is found.',
    )
    .action(async (question: string, folder: string | undefined, options: SearchOptions) => {
      if (options.indexOnly === true) {
        if (folder !== undefined) throw new UsageError('--index-only takes a folder, and no question');
        return runSearch(undefined, question, options, context);
      }
      if (folder === undefined)
        throw new UsageError('The folder is missing: spotscribe search "question" folder');
      if (question.trim() === '') throw new UsageError('The question is empty');
      return runSearch(question, folder, options, context);
    });
}

function similarity(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= -1 && value <= 1) return value;
  throw new InvalidArgumentError('It must be a number from -1 to 1.');
}
