import type { SpokenAbilities } from '../contract/tasks';
import type { TranscriptionOptions } from '../contract/work/options';
import { shown } from '../contract/text';

/** An option that the engine of a deployment cannot follow. */
export interface BeyondEngine {
  option: 'task' | 'language' | 'languages';
  /** Why, with the cure. */
  message: string;
}

/**
 * The first option that the engine cannot follow. Such a job is refused when it is submitted: it would
 * start a machine, and then fail.
 */
export function beyondEngine(
  { task = 'transcribe', language, languages = [] }: TranscriptionOptions,
  { spoken_tasks, languages: heard }: SpokenAbilities,
): BeyondEngine | undefined {
  if (spoken_tasks?.includes(task) === false)
    return {
      option: 'task',
      message: `This deployment cannot ${task}; it can ${spoken_tasks.join(', ')}. Leave "task" out, or use a deployment whose model can`,
    };
  const option = language === undefined ? 'languages' : 'language';
  const unknown = [language, ...languages].find(
    (code) => code !== undefined && heard?.includes(code) === false,
  );
  if (unknown === undefined) return undefined;
  return {
    option,
    message: `This deployment does not hear the language ${shown(unknown)}; it hears ${heard?.join(', ')}. Use a deployment whose model knows it`,
  };
}
