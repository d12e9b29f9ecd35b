import type { ErrorCode } from '../../../../core/contract/names';
import { MOST_FINDING_BYTES } from '../../../../core/contract/limits';
import type {
  Analysis,
  AnalysisCheckpoint,
  AnalysisFinding,
  AnalyzeEvent,
  AnalyzeRequest,
} from '../../../../core/contract/work/analysis';
import { continued } from './continued';
import type { CheckpointPart, Resumable, ResumableRun } from './resumable';

/** The findings of an earlier attempt are part of the request. */
const REFUSALS: ErrorCode[] = ['invalid_request', 'upload_too_large'];

/** Analyzes the input of a job. Another attempt asks the model only for what was not found yet. */
export class ResumableAnalysis implements Resumable<'analysis'> {
  /** Undefined until the service has started. */
  private done: AnalysisCheckpoint | undefined;
  private readonly earlier: AnalysisCheckpoint | undefined;
  private bytes = 0;
  /** Whether this attempt has found something. */
  private hasAdvanced = false;

  constructor(
    private readonly work: ResumableRun<'analysis'>,
    private readonly mostBytes = MOST_FINDING_BYTES,
  ) {
    this.done = this.earlier = work.earlier?.analysis;
  }

  /** Findings. */
  get position(): number {
    return this.done?.findings.length ?? 0;
  }

  checkpoint(): CheckpointPart {
    return this.done === undefined ? {} : { analysis: this.done };
  }

  run(signal: AbortSignal): Promise<Analysis> {
    const { earlier: checkpoint } = this;
    const hasAdvanced = () => this.hasAdvanced;
    return continued(this.work, { checkpoint, refusals: REFUSALS, hasAdvanced }, (earlier) =>
      this.analyze(earlier, signal),
    );
  }

  private analyze(earlier: AnalysisCheckpoint | undefined, signal: AbortSignal): Promise<Analysis> {
    this.done = earlier;
    const { task, options, input, services, begin } = this.work;
    const request: AnalyzeRequest = {
      ...task.request(options, input),
      ...(earlier !== undefined && { earlier }),
    };
    return services.for(task.name).run(task, request, { signal, begin }, (event) => this.take(event));
  }

  private async take(event: AnalyzeEvent): Promise<void> {
    if (event.type === 'started') this.start(event);
    if (event.type !== 'window') return;
    this.hasAdvanced = true;
    this.add(event.findings ?? []);
    this.work.show(event.progress);
    await this.work.onStep();
  }

  /** Keeps earlier findings if the service does. */
  private start({ engine: name, model, window_seconds }: Extract<AnalyzeEvent, { type: 'started' }>): void {
    const { done } = this;
    this.done = undefined;
    this.bytes = 0;
    if (window_seconds === undefined) return;
    const isSame =
      done?.engine.name === name && done.engine.model === model && done.window_seconds === window_seconds;
    this.done = { engine: { name, model }, window_seconds, findings: [] };
    if (isSame) this.add(done.findings);
  }

  private add(findings: readonly AnalysisFinding[]): void {
    const { done } = this;
    if (done === undefined) return;
    const kept = findings.filter((finding) => {
      const bytes = Buffer.byteLength(JSON.stringify(finding));
      if (this.bytes + bytes > this.mostBytes) return false;
      this.bytes += bytes;
      return true;
    });
    this.done = { ...done, findings: [...done.findings, ...kept] };
  }
}
