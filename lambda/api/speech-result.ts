import type { Speech, SpeechView } from '../../core/contract/work/speech';
import type { JobRow } from '../../core/contract/job';
import { KEY } from '../../core/contract/keys';
import { TASKS } from '../../core/tasks';
import { filePath, type FilesOfResult } from './files-result';

/** The files of a speech. */
export function filesOfSpeech(row: JobRow, speech: Speech): FilesOfResult {
  const { files } = speech;
  const view: SpeechView = {
    ...speech,
    files: files.map(({ attempt: _, ...file }) => ({
      ...file,
      path: filePath(row, TASKS.speech, file.name),
    })),
  };
  return { keys: new Map(files.map(({ name, attempt }) => [name, KEY.file(row.id, attempt, name)])), view };
}
