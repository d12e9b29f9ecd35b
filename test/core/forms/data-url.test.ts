import { recordingIn } from '../../../core/forms/data-url';

test.each([
  'data:audio/wav;base64,UklG',
  'DATA:Audio/WAV;BASE64,UklG',
  'data:video/webm;codecs=opus;base64,UklG',
  'data:audio/vnd.wave;base64,UklG',
])('the recording in %j is read', (url) => {
  expect(recordingIn(url)?.toString()).toBe('RIF');
});

test.each([
  ['another URL', 'https://example.com/a.wav'],
  ['a file', 'file:///etc/passwd'],
  ['another type', 'data:text/plain;base64,UklG'],
  ['no base64', 'data:audio/wav,UklG'],
  ['an empty recording', 'data:audio/wav;base64,'],
  ['a cut recording', 'data:audio/wav;base64,UklGR'],
  ['characters that are not base64', 'data:audio/wav;base64,Ukl*'],
  ['padding within the recording', 'data:audio/wav;base64,Uk==UklG'],
  ['a head that is too long', `data:audio/wav;a=${'x'.repeat(300)};base64,UklG`],
])('%s is not a recording', (_, url) => {
  expect(recordingIn(url)).toBeUndefined();
});
