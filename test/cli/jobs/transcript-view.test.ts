import { transcriptLines } from '../../../cli/jobs/transcript-view';
import type { Transcript } from '../../../core/contract/work/transcript';
import diarized from '../../fixtures/contract/Transcript.diarized.json';
import words from '../../fixtures/contract/Transcript.json';
import languages from '../../fixtures/contract/Transcript.languages.json';

const withSpeakers = diarized as unknown as Transcript;

test('shows the speakers, and how many turns the cleanup changed', () => {
  const lines = transcriptLines(withSpeakers).split('\n');
  expect(lines.slice(0, 2)).toEqual([
    '6.4 s of audio, en, transcribed by whisperx (large-v3-turbo)',
    'speakers: A, B, identified by pyannote-speaker-diarization; 1 turn assigned to another speaker',
  ]);
  expect(lines).toContain('[0.48 – 1.98 s] A: Take 250 milligrams.');
  expect(lines).toContain('[4.30 – 5.20 s] B: Before meals?');
  expect(lines).toContain('    0.48 Take  ~0.71 250  1.30 milligrams.');
});

test('shows no speakers without diarization', () => {
  expect(transcriptLines(words as Transcript)).not.toContain('speakers:');
});

test('shows the language of each segment of a transcript in several', () => {
  const lines = transcriptLines(languages as Transcript).split('\n');
  expect(lines).toContain('[0.48 – 1.98 s, en] Take 250 milligrams.');
  expect(lines).toContain('[3.10 – 3.62 s, de] SPEAKER_00: Danke.');
});

test('says that a text is a translation', () => {
  expect(transcriptLines({ ...withSpeakers, task: 'translate' })).toMatch(
    /^6\.4 s of audio, translated to en, /,
  );
});

test('no name can control the terminal', () => {
  const { diarization } = withSpeakers;
  const named = { ...withSpeakers, diarization: { ...diarization!, speakers: ['\u001b[2JBob'] } };
  expect(transcriptLines(named)).toContain('speakers: Bob, identified');
});
