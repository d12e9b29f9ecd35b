/** A browser gives a recording of sound alone the type `video/webm`, too. */
const HEAD = /^data:(?:audio|video)\/[\w.+-]+(?:;[\w-]+=[^;,]*)*;base64,/i;
/** The head is short: a longer text is not searched for it. */
const MOST_HEAD = 256;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** The recording in a data URL. Undefined if the text is not such a URL, or the recording is empty. */
export function recordingIn(url: string): Buffer | undefined {
  const [head] = HEAD.exec(url.slice(0, MOST_HEAD)) ?? [];
  const content = head === undefined ? '' : url.slice(head.length);
  // Checked, because the decoder ignores what is not base64.
  return content.length % 4 === 0 && BASE64.test(content) ? Buffer.from(content, 'base64') : undefined;
}
