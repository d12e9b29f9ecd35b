/** System folders. All names here are compared without regard to case. */
const FOLDERS = ['__macosx', '$recycle.bin', '#recycle', 'system volume information', '@eadir', 'lost+found'];

/** Files that file managers create. */
const NAMES = ['thumbs.db', 'ehthumbs.db', 'ehthumbs_vista.db', 'desktop.ini', 'icon\r', 'iconcache.db'];

/** Prefixes of lock files of office programs and of files in transfer. */
const BEGINNINGS = ['~$', '~syncthing~'];

/** Suffixes of incomplete copies, uploads and downloads, of backups and of links. */
const ENDINGS = [
  '.part',
  '.partial',
  '.filepart',
  '.crdownload',
  '.opdownload',
  '.download',
  '.tmp',
  '.temp',
  '.aria2',
  '.incomplete',
  '.inprogress',
  '.uploading',
  '.!ut',
  '.!qb',
  '.swp',
  '.lock',
  '.lnk',
  '~',
];

/**
 * The pattern by which a path is a system or temporary file and not a recording. Undefined for
 * every other path.
 */
export function leftBehind(path: string): string | undefined {
  const parts = path.split(/[\\/]/).map((part) => part.toLowerCase());
  const name = parts.at(-1) ?? '';
  const hidden = parts.some((part) => part.startsWith('.')) ? '.*' : undefined;
  const beginning = BEGINNINGS.find((each) => name.startsWith(each));
  const ending = ENDINGS.find((each) => name.endsWith(each));
  return (
    hidden ??
    FOLDERS.find((folder) => parts.slice(0, -1).includes(folder)) ??
    NAMES.find((each) => each === name) ??
    (beginning && `${beginning}*`) ??
    (ending && `*${ending}`)
  );
}
