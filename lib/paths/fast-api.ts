import type { Construct } from 'constructs';
import { ENV } from '../../core/contract/environment';
import { TASKS } from '../../core/tasks';
import { whisper } from '../services';
import { InPlacePath } from './in-place-path';
import type { PathInfo, PathProps } from './path';

/**
 * Path 300: path 200 with OpenAI's audio routes on the same API, and live events with a public load
 * balancer.
 */
export class FastApiPath extends InPlacePath {
  static readonly info: PathInfo = {
    id: 'FastApi',
    number: 300,
    summary: 'WhisperX behind a load balancer on warm spot GPU machines: answers over HTTP, or by a queue',
    // Fixed, so that a security group's rule can name it.
    services: [{ service: whisper, hostPort: whisper.port }],
  };

  /**
   * @throws SettingsError if settings for warm machines or the public load balancer contradict each
   * other, or a balancer would have a single zone
   */
  constructor(scope: Construct, id: string, props: PathProps) {
    super(scope, id, FastApiPath.info, props, {
      service: whisper,
      apiId: 'AudioApi',
      answers: {
        id: 'TranscribeAudio',
        file: 'openai/transcribe-audio',
        description: 'Transcribes in place while a machine is warm, otherwise by a job',
        task: TASKS.transcription,
        modelVariable: ENV.whisperModel,
      },
      streams: true,
    });
  }
}
