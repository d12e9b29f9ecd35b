/** Folders in which computers keep what is theirs. Compared without regard to case, as are all names here. */
const FOLDERS = ['__macosx', '$recycle.bin', '#recycle', 'system volume information', '@eadir', 'lost+found'];

/** Files that file managers make. */
const NAMES = ['thumbs.db', 'ehthumbs.db', 'ehthumbs_vista.db', 'desktop.ini', 'icon\r', 'iconcache.db'];

/** Beginnings of names of files that are open in an office program, or on their way. */
const BEGINNINGS = ['~$', '~syncthing~'];

/** Endings of names of incomplete copies, uploads and downloads, of backups and of links. */
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
 * Why a path below a folder is not a recording but something that a computer left behind: the pattern that it matches.
 * Undefined for every other path.
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
