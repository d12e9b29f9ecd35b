import { createReadStream } from 'node:fs';
import OpenAI, { APIError, BadRequestError, NotFoundError, toFile } from 'openai';
import type { TranscriptionDiarized } from 'openai/resources/audio/transcriptions';
import { sample, SAMPLE, sampleWords, words } from './audio';
import { type ModelServiceProcess, startWhisper } from './model-services';

/** OpenAI's own client for Node.js, unchanged, against the service and its real recogniser. */
describe('the official client', () => {
  let service: ModelServiceProcess;
  let client: OpenAI;
  const file = () => createReadStream(SAMPLE);

  beforeAll(async () => {
    service = await startWhisper();
    client = new OpenAI({ baseURL: `${service.url}/v1`, apiKey: 'sk-unused', maxRetries: 0 });
  });
  afterAll(() => service.stop());

  it('hears the words of real speech', async () => {
    const { text, usage } = await client.audio.transcriptions.create({ model: 'whisper-1', file: file() });
    expect(words(text)).toEqual(sampleWords());
    expect(usage).toMatchObject({ type: 'duration', seconds: expect.closeTo(20, 0) });
  });

  it('gets every word with its times', async () => {
    const answer = await client.audio.transcriptions.create({
      model: 'whisper-1',
      file: file(),
      response_format: 'verbose_json',
      timestamp_granularities: ['word', 'segment'],
    });
    expect(answer.language).toBe('english');
    expect(answer.words?.flatMap(({ word }) => words(word))).toEqual(sampleWords());
    const times = answer.words?.flatMap(({ start, end }) => [start, end]) ?? [];
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(times.at(-1)).toBeLessThanOrEqual(answer.duration);
    expect(answer.segments?.map(({ id }) => id)).toEqual(answer.segments?.map((_, index) => index));
  });

  it.each(['srt', 'vtt'] as const)('gets subtitles as %s', async (format) => {
    const text = await client.audio.transcriptions.create({
      model: 'whisper-1',
      file: file(),
      response_format: format,
    });
    expect(text).toContain('Good morning');
    expect(text).toMatch(format === 'srt' ? /^1\n00:00:/ : /^WEBVTT\n\n00:00:/);
  });

  it('reads a stream of text while it is heard', async () => {
    const stream = await client.audio.transcriptions.create({
      model: 'gpt-4o-transcribe',
      file: file(),
      stream: true,
    });
    let heard = '';
    let done = '';
    for await (const event of stream) {
      if (event.type === 'transcript.text.delta') heard += event.delta;
      if (event.type === 'transcript.text.done') done = event.text;
    }
    expect(words(heard)).toEqual(sampleWords());
    expect(done).toBe(heard);
  });

  it('sends bytes from memory, and is told what speakers are missing where nobody can tell them apart', async () => {
    const answer = (await client.audio.transcriptions.create({
      model: 'gpt-4o-transcribe-diarize',
      file: await toFile(sample(), 'speech.flac'),
      response_format: 'diarized_json',
      chunking_strategy: 'auto',
      language: 'en',
    })) as TranscriptionDiarized & { degraded?: { stage: string }[] };
    const [segment] = answer.segments;
    const lost = answer.degraded?.map(({ stage }) => stage) ?? [];
    expect(segment).toMatchObject({ type: 'transcript.text.segment' });
    // Without the diarizer, which is not installed everywhere, the speaker is unknown.
    expect([
      ['unknown', ['diarization']],
      ['A', []],
    ]).toContainEqual([segment?.speaker, lost]);
  });

  it('lists models', async () => {
    const names = (await client.models.list()).data.map(({ id }) => id);
    expect(names).toEqual(expect.arrayContaining(['tiny.en', 'whisper-1', 'gpt-4o-transcribe-diarize']));
  });

  it('raises its own errors', async () => {
    const ask = (fields: object) =>
      client.audio.transcriptions.create({ model: 'whisper-1', file: file(), ...fields });
    await expect(ask({ model: 'large-v9' })).rejects.toThrow(NotFoundError);
    await expect(ask({ language: 'xx' })).rejects.toMatchObject({ status: 400, param: 'language' });
    await expect(ask({ language: 'de' })).rejects.toThrow(BadRequestError);
    const junk = await toFile(Buffer.from('no audio'), 'a.mp3');
    await expect(ask({ file: junk })).rejects.toMatchObject({ status: 422, code: 'bad_audio' });
    await expect(client.audio.translations.create({ model: 'whisper-1', file: file() })).rejects.toThrow(
      APIError,
    );
  });
});
