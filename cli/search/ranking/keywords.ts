/** English words of questions that say nothing about their subject. */
const STOP_WORDS = new Set(
  (
    'a about all am an and any are as at be been but by can could did do does for from get had has have he her him his how ' +
    'i if in into is it its just me more my no not of on or our out say said she should so some than that the their them then ' +
    'there these they this to up us was we were what when where which who whom why will with would you your'
  ).split(' '),
);

/**
 * The question as a query of FTS5 that any of its words matches.
 *
 * @returns undefined if the question has no words
 */
export function keywordQuery(question: string): string | undefined {
  const words = [...new Set(question.toLowerCase().match(/[\p{L}\p{N}\p{M}]+/gu) ?? [])];
  const telling = words.filter((word) => !STOP_WORDS.has(word));
  // In quotation marks, no word is an operator of FTS5.
  const chosen = (telling.length > 0 ? telling : words).map((word) => `"${word}"`);
  return chosen.length === 0 ? undefined : chosen.join(' OR ');
}
