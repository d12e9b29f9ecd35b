import { KEY } from '../../../core/contract/keys';
import {
  AT_ONCE,
  AUDIO,
  bucket,
  jobs,
  onlyJob,
  send,
  store,
  useServers,
} from '../../support/recording-requests';
import { errorOf } from '../../support/support';

useServers();

const urlOf = (content: string) => `data:audio/wav;base64,${Buffer.from(content).toString('base64')}`;
const ADA = {
  ...{ diarize: 'true', 'known_speaker_names[]': 'Ada' },
  'known_speaker_references[]': urlOf('voice of Ada'),
};
const sent = (fields: Record<string, string>) => send(fields, { limits: AT_ONCE });

describe('known speakers in a form that becomes a job', () => {
  test('have their names in its options, and their recordings as its objects', async () => {
    const order: string[] = [];
    bucket.putGate = async (key) => void order.push(key);
    await sent(ADA);
    const { id, options, speaker_recordings: keys, status } = await onlyJob();
    expect(status).toBe('queued');
    expect(options).toMatchObject({ diarize: true, known_speaker_names: ['Ada'] });
    expect(JSON.stringify(await onlyJob())).not.toContain('base64');
    expect(keys).toEqual([KEY.speaker(id, 1)]);
    expect(bucket.objects.get(KEY.speaker(id, 1))?.toString()).toBe('voice of Ada');
    // The arrival of the input starts the job.
    expect(order).toEqual([KEY.speaker(id, 1), KEY.input(id)]);
  });

  test('distinguish it from the same recording with others', async () => {
    await sent(ADA);
    await sent(ADA);
    expect(jobs()).toHaveLength(1);
    await sent({ ...ADA, 'known_speaker_references[]': urlOf('voice of Mary') });
    await sent({ ...ADA, 'known_speaker_names[]': 'Mary' });
    await sent({ diarize: 'true' });
    expect(jobs()).toHaveLength(4);
  });

  test('are stored by the second request if the first one ended too early', async () => {
    let open = () => undefined as void;
    bucket.putGate = () => new Promise<void>((resolve) => (open = resolve));
    await send(ADA, { limits: { keepSeconds: 0.3, jobSeconds: 0 } });
    expect(jobs()).toHaveLength(1);
    expect(bucket.objects.size).toBe(0);
    bucket.putGate = async () => undefined;
    open();
    await sent(ADA);
    const { id } = await onlyJob();
    expect([...bucket.objects.keys()].sort()).toEqual([KEY.input(id), KEY.speaker(id, 1)]);
    expect(bucket.objects.get(KEY.input(id))).toEqual(AUDIO);
  });

  test('may be repeated with the job, but not added to it', async () => {
    await sent(ADA);
    const { id } = await onlyJob();
    expect((await sent({ ...ADA, job: id })).statusCode).toBe(503);
    const other = await sent({ ...ADA, 'known_speaker_names[]': 'Mary', job: id });
    expect(errorOf(other)).toMatchObject({ param: 'known_speaker_names' });
    await store.cancel(id, 'acme', new Date());
    await store.erase(id, 'acme');
    await sent({ diarize: 'true', 'known_speaker_names[]': 'Ada' });
    const [named] = jobs();
    const added = await sent({ ...ADA, job: named! });
    expect(added.statusCode).toBe(400);
    expect(errorOf(added)).toMatchObject({ param: 'known_speaker_references' });
  });
});
