import { DEGRADED_HEADER, JOB_HEADER } from '../../../core/contract/http';
import type { JobRow } from '../../../core/contract/job';
import { shown } from '../../../core/contract/text';
import type { Transcript } from '../../../core/contract/work/transcript';
import { FORMAT, srt, vtt } from '../../../core/formats/formats';
import { events, plainJson, plainText, verboseJson } from '../../../core/formats/openai-formats';
import type { Request } from '../../frame/caller';
import { fitted } from '../../frame/fitted';
import { missingStages } from '../../frame/missing-stages';
import { Refusal, type Response } from '../../frame/refusal';
import type { InputStorage } from '../keep-input';
import { storedText } from '../stored-text';
import type { TaskRoute } from '../task-request';
import type { AnswerShape, ParsedForm, ResponseFormat } from './form-options';

/**
 * Renders the transcript of a job as the whisper service does.
 *
 * @throws Refusal (400) if the job detected another language than the requested one
 */
export const transcriptAnswer =
  (request: Request, wanted: ParsedForm, route: TaskRoute, storage: InputStorage) =>
  async (row: JobRow, key: string): Promise<Response> => {
    const transcript = JSON.parse(await storedText(row, key, route, storage)) as Transcript;
    refuseOtherLanguage(row, wanted, transcript);
    const missing = missingStages(transcript.degraded);
    const { type, body } = rendered(transcript, wanted.answer);
    const headers = {
      'content-type': type,
      'cache-control': 'private, no-store',
      [JOB_HEADER]: row.id,
      ...(missing !== undefined && { [DEGRADED_HEADER]: missing }),
    };
    return fitted(request, { param: 'response_format', name: wanted.answer.format }, headers, body);
  };

/** Renders a transcript in one of OpenAI's formats, as the whisper service does. */
function rendered(transcript: Transcript, shape: AnswerShape): { type: string; body: string } {
  const { format, layout, granularities, languages, stream } = shape;
  if (stream)
    return { type: 'text/event-stream; charset=utf-8', body: events(transcript, format, languages) };
  const render: Record<ResponseFormat, () => string> = {
    json: () => plainJson(transcript, languages),
    text: () => plainText(transcript),
    srt: () => srt(transcript, layout),
    vtt: () => vtt(transcript, layout),
    verbose_json: () => verboseJson(transcript, granularities),
    diarized_json: () => FORMAT.diarized_json.render(transcript),
  };
  return { type: FORMAT[format === 'text' ? 'txt' : format].type, body: render[format]() };
}

/** @throws Refusal (400) if the requested language differs from the one that the job detected */
function refuseOtherLanguage(row: JobRow, { task, options }: ParsedForm, { language }: Transcript): void {
  const isCompared = task !== 'translate' && row.options.language === undefined;
  if (!isCompared || options.language === undefined) return;
  if ([options.language, 'und'].includes(language)) return;
  const message = `Job ${row.id} detected the language ${shown(language)}; got ${shown(options.language)}`;
  throw invalid('language', message);
}

const invalid = (param: string, message: string) => new Refusal(400, 'invalid_request', message, { param });
