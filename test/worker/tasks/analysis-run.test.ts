import type { AnalysisCheckpoint, AnalysisFinding } from '../../../core/contract/work/analysis';
import { TASKS } from '../../../core/tasks';
import { createLog } from '../../../docker/worker/src/log';
import { GuardedService } from '../../../docker/worker/src/services/guarded-service';
import { HttpModelService } from '../../../docker/worker/src/services/http-model-service';
import { Services } from '../../../docker/worker/src/services/services';
import { ResumableAnalysis } from '../../../docker/worker/src/tasks/analysis-run';
import type { ResumableRun } from '../../../docker/worker/src/tasks/resumable';
import { analysisOf, hearing, ModelServer } from '../../support/model-server';
import { row } from '../../support/support';

const found = (start: number): AnalysisFinding => ({
  task: 'summary',
  start,
  end: start + 10,
  written: { summary: `Number ${start} is said.`, more: null },
});
const done = (...starts: number[]): AnalysisCheckpoint => ({
  engine: { name: 'voxtral', model: 'test' },
  window_seconds: 10,
  findings: starts.map(found),
});

let server: ModelServer;
let saved: (AnalysisCheckpoint | undefined)[];
let shown: number[];
beforeEach(async () => {
  [saved, shown] = [[], []];
  server = await ModelServer.start(hearing(30, 1), ({ earlier }, answer) => {
    answer.event({ type: 'started', duration: 30, engine: 'voxtral', model: 'test', window_seconds: 10 });
    for (const start of [0, 10, 20]) {
      if (earlier?.findings.some((finding) => finding.start === start)) continue;
      answer.event({
        type: 'window',
        end: start + 10,
        progress: (start + 10) / 30,
        findings: [found(start)],
      });
    }
    answer.event({ type: 'result', analysis: analysisOf(30) });
  });
});
afterEach(() => server.stop());

function attempt(analysis?: AnalysisCheckpoint, mostBytes?: number) {
  const log = createLog({ write: () => undefined });
  const service = new GuardedService(new HttpModelService('voxtral', server.url), log);
  const run: ResumableRun<'analysis'> = {
    row: row({ attempt: 2, status: 'running' }),
    task: TASKS.analysis,
    options: { tasks: ['summary'] },
    input: { path: 'job/input', maxSeconds: 3600 },
    services: new Services([{ service, tasks: ['analysis'] }]),
    begin: () => () => undefined,
    show: (progress) => void (progress !== undefined && shown.push(progress)),
    objects: {} as ResumableRun['objects'],
    fetchPart: async () => undefined,
    log,
    earlier: analysis && { end: 0, segments: [], analysis, processing_seconds: 1 },
    onStep: async () => void saved.push(work.checkpoint().analysis),
  };
  const work = new ResumableAnalysis(run, mostBytes);
  return { work, result: () => work.run(new AbortController().signal) };
}

describe('an analysis', () => {
  it('keeps what is found after each window', async () => {
    const { work, result } = attempt();
    expect(work.checkpoint()).toEqual({});
    expect(await result()).toEqual(analysisOf(30));
    expect(saved).toEqual([done(0), done(0, 10), done(0, 10, 20)]);
    expect(server.analyses[0]).toEqual({ path: 'job/input', max_seconds: 3600, tasks: ['summary'] });
    expect(work.position).toBe(3);
  });

  it('continues with what an earlier attempt found', async () => {
    const { work, result } = attempt(done(0, 10));
    expect(work.checkpoint()).toEqual({ analysis: done(0, 10) });
    expect(await result()).toEqual(analysisOf(30));
    expect(server.analyses.map(({ earlier }) => earlier)).toEqual([done(0, 10)]);
    expect([saved, shown]).toEqual([[done(0, 10, 20)], [1]]);
  });

  it.each([
    ['another model', { ...done(0), engine: { name: 'voxtral', model: 'other' } }],
    ['other windows', { ...done(0), window_seconds: 20 }],
  ])('forgets what belongs to %s, as the service does', async (_, earlier) => {
    const script = server.analyst;
    server.analyst = (request, answer) => script({ ...request, earlier: undefined }, answer);
    await attempt(earlier).result();
    expect(saved.at(-1)).toEqual(done(0, 10, 20));
  });

  it('starts again if the service refuses what was found', async () => {
    const script = server.analyst;
    server.analyst = (request, answer) => {
      if (request.earlier === undefined) return script(request, answer);
      const error = { code: 'invalid_request', message: 'earlier: too old' };
      answer.refuse(400, { error: { ...error, type: 'invalid_request_error', param: null } });
    };
    expect(await attempt(done(0)).result()).toEqual(analysisOf(30));
    expect(server.analyses).toHaveLength(2);
    expect(saved.at(-1)).toEqual(done(0, 10, 20));
  });

  it('keeps no more than a checkpoint may have', async () => {
    await attempt(undefined, Buffer.byteLength(JSON.stringify([found(0), found(10)]))).result();
    expect(saved.at(-1)).toEqual(done(0, 10));
  });

  it('of a service that does not say how it divides the recording has no checkpoint', async () => {
    server.analyst = (_, answer) => {
      answer.event({ type: 'started', duration: 30, engine: 'voxtral', model: 'test' });
      answer.event({ type: 'window', end: 30, progress: 1 });
      answer.event({ type: 'result', analysis: analysisOf(30) });
    };
    await attempt(done(0)).result();
    expect(saved).toEqual([undefined]);
  });
});
