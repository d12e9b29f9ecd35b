import type { ErrorBody } from '../../core/contract/values';
import { sample, sampleWords, words } from './audio';
import { Laptop, until } from './laptop';

describe('Voxtral alone, from zero to zero', () => {
  let laptop: Laptop;
  beforeAll(async () => {
    laptop = await Laptop.start({ idleMinutes: '0.15' }, 'Voxtral');
  });
  afterAll(() => laptop?.stop());

  test('a job wakes one machine, which writes down and understands what it hears, and goes', async () => {
    expect(laptop.machines()).toEqual([]);
    const id = await laptop.submit(sample(), 'morning.flac', {
      language: 'en',
      analysis: { tasks: ['topics', 'summary'] },
    });
    expect(await laptop.ended(id)).toMatchObject({
      status: 'succeeded',
      stages: { transcript: 'succeeded', analysis: 'succeeded' },
      // It gives no times: they are shared out over each piece of sound.
      degraded: [{ stage: 'alignment' }],
    });
    expect(
      laptop
        .machines()
        .flatMap(({ containers }) => containers.map(({ name }) => name))
        .sort(),
    ).toEqual(['models', 'voxtral', 'worker'].sort());
    const transcript = await laptop.transcript(id);
    expect(transcript.engine.name).toBe('extractive');
    const heard = words(transcript.text);
    expect(heard.filter((word) => sampleWords().includes(word)).length).toBeGreaterThan(heard.length * 0.8);
    expect(
      transcript.segments.flatMap((segment) => segment.words).every(({ interpolated }) => interpolated),
    ).toBe(true);
    const { topics } = await laptop.analysis(id);
    expect(topics?.length).toBeGreaterThan(0);
    expect(topics?.some(({ located }) => located === true)).toBe(true);
    await until('the fleet to rest', 90, async () =>
      (await laptop.desiredMachines()) === 0 && laptop.machines().length === 0 ? true : undefined,
    );
  });

  test('a job may decline the analysis', async () => {
    const id = await laptop.submit(sample(), 'words.flac', { analysis: false });
    expect(await laptop.ended(id)).toMatchObject({
      status: 'succeeded',
      stages: { transcript: 'succeeded' },
    });
    const answer = await laptop.request<ErrorBody>('GET', `/v1/jobs/${id}/analysis`);
    expect(answer).toMatchObject({ status: 404, body: { error: { code: 'not_found' } } });
  });
});
