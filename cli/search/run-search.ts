import { realpath, stat } from 'node:fs/promises';
import type { ConnectionOptions } from '../api/connection';
import type { Context } from '../context';
import { UsageError } from '../errors';
import { EXIT } from '../exit-codes';
import type { Embedder } from './embedding/embedder';
import { findEmbedder } from './find-embedder';
import { embedAll } from './index/embed-all';
import { indexPath } from './index/place';
import { refresh, type Refreshed } from './index/refresh';
import type { Model, SearchIndex } from './index/search-index';
import { withIndex } from './index/with-index';
import { answerDocument, answerLines, sayRefreshed, shownPath } from './output';
import { IndexProgress } from './progress';
import { type Answer, answers } from './ranking/answers';

export interface SearchOptions extends ConnectionOptions {
  local?: boolean;
  index?: string;
  limit: number;
  minScore?: number;
  indexOnly?: boolean;
  rebuild?: boolean;
  verbose?: boolean;
  json?: boolean;
}

interface Found {
  answers: Answer[];
  refreshed: Refreshed;
  counts: { files: number; sentences: number };
}

/** Refreshes the index of a folder and answers the question, if there is one. */
export async function runSearch(
  question: string | undefined,
  dir: string,
  options: SearchOptions,
  context: Context,
): Promise<void> {
  const folder = await folderAt(dir);
  const embedder = await findEmbedder(options, context);
  try {
    const [vector = new Float32Array()] = await embedder.embed([question ?? 'probe'], 'question');
    const found = await withIndex(
      {
        path: indexPath(folder, options.index),
        isChosen: options.index !== undefined,
        rebuild: options.rebuild === true,
        signal: context.interruption,
        say: (text) => context.terminal.say(text),
      },
      async (index): Promise<Found> => {
        if (options.index !== undefined) checkFolder(index, folder, options.index);
        index.folder = folder;
        const model = { name: embedder.model, dimensions: vector.length };
        const refreshed = await makeFresh(folder, index, embedder, model, context);
        const { limit, minScore } = options;
        return {
          refreshed,
          counts: index.counts(),
          answers: question === undefined ? [] : answers(index, { question, vector, limit, minScore }),
        };
      },
    );
    report(question, folder, found, options, context);
  } finally {
    await embedder.close();
  }
}

async function folderAt(dir: string): Promise<string> {
  const stats = await stat(dir).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(
      error.code === 'ENOENT' ? `The folder ${dir} does not exist` : `Cannot read ${dir}: ${error.message}`,
    );
  });
  if (!stats.isDirectory())
    throw new UsageError(`${dir} is not a folder: name the folder with the transcripts`);
  return realpath(dir);
}

/**
 * Refuses an index of another folder, whose files would be removed from it. In its own folder, an index moves with the
 * folder.
 */
function checkFolder({ folder: indexed }: SearchIndex, folder: string, file: string): void {
  if (indexed === undefined || indexed === folder) return;
  throw new UsageError(
    `${file} is the index of ${indexed}, not of ${folder}. Choose another file with --index, or replace it with --rebuild`,
  );
}

async function makeFresh(
  folder: string,
  index: SearchIndex,
  embedder: Embedder,
  model: Model,
  { terminal, interruption: signal }: Context,
): Promise<Refreshed> {
  const before = index.model;
  const isSame = before?.name === model.name && before.dimensions === model.dimensions;
  if (before !== undefined && !isSame)
    terminal.say(
      `The index was made with the model ${nameOf(before)}, and this one is ${nameOf(model)}: embedding all files again. ` +
        'Keep an index for each model with --index',
    );
  if (!isSame) index.begin(model);
  const progress = new IndexProgress(terminal);
  try {
    return await refresh({
      folder,
      index,
      embedAll: embedAll(index, embedder, progress.onEmbedded),
      signal,
      progress: progress.onFile,
    });
  } finally {
    progress.close();
  }
}

const nameOf = ({ name, dimensions }: Model) => `${name} (${dimensions} dimensions)`;

function report(
  question: string | undefined,
  folder: string,
  { answers: found, refreshed, counts }: Found,
  { json, verbose, indexOnly }: SearchOptions,
  { terminal, exitWith }: Context,
): void {
  sayRefreshed(folder, refreshed, terminal);
  if (json === true) {
    const skipped = refreshed.skipped.map(({ path, reason }) => ({ path: shownPath(folder, path), reason }));
    const results = found.map((answer) => answerDocument(folder, answer));
    terminal.json({ ...(question !== undefined && { question, results }), index: counts, skipped });
  } else {
    terminal.data(found.map((answer) => answerLines(folder, answer, verbose === true)).join(''));
  }
  if (indexOnly === true) {
    terminal.say(`${counts.files} files, ${counts.sentences} sentences`);
  } else if (found.length === 0) {
    terminal.say(counts.files === 0 ? `There are no transcripts in ${folder}` : 'Nothing found');
    exitWith(EXIT.nothingFound);
  }
}
