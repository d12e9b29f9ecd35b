import type { Analysis, Claim, Evidence } from '../../../../core/contract/analysis';
import type { Transcript } from '../../../../core/contract/transcript';
import { prepare, type Quote } from './quote';
import { search } from './quote-search';
import { SpokenWords } from './spoken-words';

/** Seconds by which words may lie outside the stretch in which they were heard: the two models part audio differently. */
const MARGIN_SECONDS = 15;
/**
 * Share of a quote's letters that must be found, in their order. Where it was heard, a quote that two models wrote down
 * differently is no wonder; anywhere else, it had better be the same.
 */
const SHARE = { whereHeard: 0.45, anywhere: 0.6 };
/** Letters that must be found besides: few words in the same order come together by chance. */
const MORE_LETTERS = 5.5;
/** A word or two must be right, or nearly so: a letter in four may differ, and anywhere else none. */
const SHARE_OF_SHORT = { whereHeard: 0.75, anywhere: 1 };
const SHORT_WORDS = 2;
/** Letters up to which a quote of more words is short: three small ones in English, four characters in Chinese. */
const SHORT_LETTERS = 8;

/**
 * Joins every claim of an analysis to the transcript: where the words are said that it rests on.
 *
 * Quotes are looked for in the stretch that the model listened to, and only if they are not there, in the whole
 * transcript. What the analysis says about places is not believed but found anew.
 */
export function locate(analysis: Analysis, transcript: Transcript): Analysis {
  const spoken = new SpokenWords(transcript.segments);
  const checked = <T extends Claim>(claim: T): T => {
    const evidence = claim.evidence.map((words) => located(words, spoken));
    return { ...claim, evidence, located: evidence.some(({ start }) => start !== undefined) };
  };
  const { topics, action_items, questions, sentiment, entities, answers } = analysis;
  return {
    ...analysis,
    ...(topics && { topics: topics.map(checked) }),
    ...(action_items && { action_items: action_items.map(checked) }),
    ...(questions && { questions: questions.map(checked) }),
    ...(sentiment && { sentiment: checked(sentiment) }),
    ...(entities && { entities: entities.map(checked) }),
    ...(answers && { answers: answers.map(checked) }),
  };
}

function located({ quote: text, heard_from, heard_to }: Evidence, spoken: SpokenWords): Evidence {
  const evidence = { quote: text, heard_from, heard_to };
  const quote = prepare(text, spoken);
  if (quote === undefined) return evidence;
  const heard = spoken.between(heard_from - MARGIN_SECONDS, heard_to + MARGIN_SECONDS);
  const found =
    search(quote, spoken, heard, shareOf(quote, 'whereHeard')) ??
    search(quote, spoken, { from: 0, to: spoken.count }, shareOf(quote, 'anywhere'));
  return found === undefined ? evidence : { ...evidence, ...spoken.stretch(found.from, found.to) };
}

function shareOf({ words, letters }: Quote, where: keyof typeof SHARE): number {
  if (words <= SHORT_WORDS || letters <= SHORT_LETTERS) return SHARE_OF_SHORT[where];
  return Math.min(1, SHARE[where] + MORE_LETTERS / letters);
}
