/** System folders. All names here are compared without regard to case. */
const FOLDERS = [
  '__macosx',
  'network trash folder',
  'temporary items',
  'thevolumesettingsfolder',
  '$recycle.bin',
  'recycler',
  'system volume information',
  'lost+found',
  '@eadir',
  '@tmp',
  '@recycle',
  '@recently-snapshot',
  '#recycle',
  '#snapshot',
];

/** Suffixes of folders that are incomplete downloads. */
const FOLDER_ENDINGS = ['.download'];

/** Files that file managers and synchronization programs create. */
const NAMES = [
  'thumbs.db',
  'ehthumbs.db',
  'ehthumbs_vista.db',
  'desktop.ini',
  'icon\r',
  'iconcache.db',
  'picasa.ini',
  'sync.ffs_db',
];

/** Prefixes of lock files of office programs and of files in transfer. */
const BEGINNINGS = ['~$', '~syncthing~'];

/** Suffixes of incomplete copies, uploads and downloads, of locks, backups, metadata and links. */
const ENDINGS = [
  '.part',
  '.partial',
  '.filepart',
  '.crdownload',
  '.opdownload',
  '.fdmdownload',
  '.download',
  '.dtapart',
  '.ytdl',
  '.tmp',
  '.temp',
  '.gstmp',
  '.ffs_tmp',
  '.aria2',
  '.incomplete',
  '.inprogress',
  '.uploading',
  '.!ut',
  '.!qb',
  '.!bt',
  '.!sync',
  '.bc!',
  '.swp',
  '.swo',
  '.lock',
  '.lck',
  '.bak',
  '@synoeastream',
  '@synoresource',
  '.lnk',
  '.url',
  '.webloc',
  '_$folder$',
  '~',
];

/** Other shapes of names: automatic saves of Emacs, and fragments of downloads. */
const SHAPES: readonly (readonly [pattern: string, shape: RegExp])[] = [
  ['#*#', /^#.*#$/s],
  ['*.part-frag*', /\.part-frag\d+$/],
];

/**
 * The pattern by which a path is a system or temporary file, or a folder, and not a recording.
 * Undefined for every other path.
 */
export function leftBehind(path: string): string | undefined {
  const parts = path.split(/[\\/]/).map((part) => part.toLowerCase());
  const folders = parts.slice(0, -1);
  const name = parts.at(-1) ?? '';
  // The S3 console creates an object with such a key for a new folder.
  if (name === '') return '*/';
  const hidden = parts.some((part) => part.startsWith('.')) ? '.*' : undefined;
  const bundle = FOLDER_ENDINGS.find((each) => folders.some((folder) => folder.endsWith(each)));
  const beginning = BEGINNINGS.find((each) => name.startsWith(each));
  const ending = ENDINGS.find((each) => name.endsWith(each));
  return (
    hidden ??
    FOLDERS.find((folder) => folders.includes(folder)) ??
    (bundle && `*${bundle}/`) ??
    NAMES.find((each) => each === name) ??
    (beginning && `${beginning}*`) ??
    (ending && `*${ending}`) ??
    SHAPES.find(([, shape]) => shape.test(name))?.[0]
  );
}
