import { leftBehind } from '../../../core/jobs/left-behind';

test.each([
  ['.DS_Store', '.*'],
  ['._talk.mp3', '.*'],
  ['.hidden.wav', '.*'],
  ['.Spotlight-V100/Store/talk.mp3', '.*'],
  ['week\\.git\\talk.mp3', '.*'],
  ['Thumbs.db', 'thumbs.db'],
  ['a/EHTHUMBS.DB', 'ehthumbs.db'],
  ['Desktop.ini', 'desktop.ini'],
  ['Icon\r', 'icon\r'],
  ['__MACOSX/talk.mp3', '__macosx'],
  ['$RECYCLE.BIN/S-1/talk.mp3', '$recycle.bin'],
  ['@eaDir/talk.mp3', '@eadir'],
  ['~$talk.mp3', '~$*'],
  ['talk.mp3.filepart', '*.filepart'],
  ['talk.mp3.part', '*.part'],
  ['talk.mp3.PARTIAL', '*.partial'],
  ['talk.mp3.crdownload', '*.crdownload'],
  ['talk.mp3.download', '*.download'],
  ['talk.tmp', '*.tmp'],
  ['talk.mp3~', '*~'],
])('%s is a system or temporary file: %s', (path, pattern) => {
  expect(leftBehind(path)).toBe(pattern);
});

test.each([
  'talk.mp3',
  'week 1/talk.mp3',
  'talk',
  'part 1.mp3',
  'a.part.mp3',
  'tmp/talk.wav',
  'download.mp3',
  '~talk.mp3',
  'Gespräch….ogg',
  'macosx/talk.mp3',
])('%s may be a recording', (path) => {
  expect(leftBehind(path)).toBeUndefined();
});
