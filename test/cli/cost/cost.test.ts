import { callCli } from '../run-cli';

test('prints what hours of audio cost on each path, in 85 columns', async () => {
  const { code, out } = await callCli(['cost', '--hours', '400']);
  expect(code).toBe(0);
  expect(out).toMatch(/^Traditional, DockerGpu, FastApi: words +3\.7 min +\$0\.013 +\$5\.00$/m);
  expect(out).toMatch(
    /^Voxtral: words and analysis +\d+–\d+ min +\$0\.\d{3}–\$0\.\d{3} +\$[\d.]+–\$[\d.]+$/m,
  );
  expect(out).toMatch(/^Amazon Transcribe +\$1\.440 +\$576\.00$/m);
  expect(out).toContain('One g4dn.xlarge, spot: $0.205 per hour');
  expect(out).toContain('The times of Voxtral and Hybrid are computed; nothing was measured on a GPU.');
  for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(85);
});

test('prints one JSON document', async () => {
  const estimate = JSON.parse((await callCli(['cost', '--hours', '2', '--on-demand', '--json'])).out) as {
    machine: object;
    paths: { paths: string[]; per_audio_hour: { least: number }; total: { least: number } }[];
  };
  expect(estimate).toMatchObject({
    audio_hours: 2,
    machine: { instance_type: 'g4dn.xlarge', capacity: 'on-demand', price_per_hour: 0.531 },
    hosted_as_of: 'November 2026',
  });
  expect(estimate.paths).toHaveLength(4);
  for (const { per_audio_hour, total } of estimate.paths)
    expect(total.least).toBeCloseTo(2 * per_audio_hour.least, 4);
});

test('computes with a speed that was measured, on any machine with a price', async () => {
  const { out } = await callCli(['cost', '--hours', '10', '--instance-type', 'g6.xlarge', '--speed', '25']);
  // 24 minutes of a machine.
  expect(out).toMatch(/^your speed: 25× +2\.4 min +\$0\.012 +\$0\.12$/m);
  expect(out).not.toContain('words');
  expect(out).not.toContain('are computed');
  expect((await callCli(['cost', '--speed', '70'])).out).toMatch(/^your speed: 70×/m);
});

test.each([
  [['--instance-type', 'g6.xlarge'], 'No speed is known for g6.xlarge. Give your own with --speed'],
  [['--instance-type', 'p9.large'], 'no price is known for p9.large'],
  [['--hours', '0'], 'It must be a number above 0.'],
  [['--hours', 'many'], 'It must be a number above 0.'],
  [['--speed', '-1'], 'It must be a number above 0.'],
])('refuses %j', async (args, message) => {
  const { code, err } = await callCli(['cost', ...args]);
  expect(code).toBe(2);
  expect(err).toContain(message);
});
