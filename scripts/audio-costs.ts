import { AUDIO_WORK, audioHourCost, HOSTED, HOSTED_AS_OF, timesWhisper } from '../core/prices/audio-hour';
import { burstCost, type Serving } from '../core/prices/queries';
import { ASSUMED, type Range } from '../core/prices/voxtral-time';

const span = ({ least, most }: Range, text: (value: number) => string): string =>
  text(least) === text(most) ? text(least) : `${text(least)} to ${text(most)}`;
const minutes = (seconds: number) => (seconds / 60).toFixed(seconds < 600 ? 1 : 0);
const dollars = (amount: number) => `$${amount.toFixed(3)}`;
const percent = (share: number) => `${Math.round(100 * share)} %`;

/**
 * The section about recordings of `docs/costs.md`.
 *
 * @param spot dollars per hour of a machine
 * @param serving boot and idle time of its machines
 */
export function audioSection(spot: number, serving: Serving): string {
  const rows = AUDIO_WORK.map((work) =>
    [
      `${work.paths.join(', ')}: ${work.result}`,
      span(work.seconds, minutes),
      span(audioHourCost(spot, work.seconds), dollars),
      span(timesWhisper(work.seconds), (times) => times.toFixed(1)),
      work.basis,
    ].join(' | '),
  );
  const hosted = HOSTED.map(({ service, perAudioHour }) => `| ${service} | ${span(perAudioHour, dollars)} |`);
  return `## Recordings: words and analyses

What an hour of audio costs while a machine works without a pause, on a g4dn.xlarge on spot at ${dollars(spot)} an hour. The first job
also pays the start and the idle time of its machine, about ${dollars(burstCost(serving, 0))} if both take three minutes. \`spotscribe cost --hours N\`
prints the table for your hours, also for on-demand machines and for a speed that you measured.

| path | machine minutes an hour | dollars an hour | times path 200 | source of the time |
| --- | ---: | ---: | ---: | --- |
${rows.map((row) => `| ${row} |`).join('\n')}

**An analysis costs more than the words.** Each window of ten minutes is put to a model of 4.7 billion parameters once for each task.
Fewer tasks cost less, in proportion. Synthesis warns of this (\`spotscribe:analysisCost\`; \`Annotations.of(stack).acknowledgeWarning\`
silences it). A job with \`"analysis": false\` pays for its words only.

**Voxtral's times are computed, not measured on a GPU.** Writing a token reads all weights of the language model once, so its time is
their size divided by the bandwidth of the card (T4: 320 GB/s). Reading a prompt takes two operations for each parameter and token (T4:
65 TFLOPS in half precision). The two ends of each range assume that ${percent(ASSUMED.least.reading)} or ${percent(ASSUMED.most.reading)} of the bandwidth and ${percent(ASSUMED.least.computing)} or ${percent(ASSUMED.most.computing)} of the arithmetic are
reached, and that an answer has ${ASSUMED.least.answerTokens} or ${ASSUMED.most.answerTokens} tokens. Talk has 150 words a minute. Eight pieces of 30 s are transcribed at once; windows of
ten minutes are understood one by one, six tasks each. Four bits save memory, and no time was counted for them.
\`core/prices/voxtral-time.ts\` has the arithmetic.

List prices of hosted services for an hour of audio, ${HOSTED_AS_OF}:

| service | dollars an hour |
| --- | ---: |
${hosted.join('\n')}

`;
}
