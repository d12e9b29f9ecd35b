import type { Analysis, Claim, Evidence } from '../../../../core/contract/work/analysis';
import type { Transcript } from '../../../../core/contract/work/transcript';
import { prepare, type Quote } from './quote';
import { search } from './quote-search';
import { SpokenWords } from './spoken-words';

/**
 * Tolerance in seconds for words outside the heard stretch: the two models split audio differently.
 */
const MARGIN_SECONDS = 15;
/**
 * Minimum share of a quote's letters to find, in order. In the heard stretch, the two models may
 * have written the quote differently. Elsewhere, the match must be closer.
 */
const SHARE = { whereHeard: 0.45, anywhere: 0.6 };
/** Additional letters to find, because a few words may match by chance. */
const MORE_LETTERS = 5.5;
/**
 * Minimum share for short quotes: in the heard stretch, one letter in four may differ; elsewhere
 * none.
 */
const SHARE_OF_SHORT = { whereHeard: 0.75, anywhere: 1 };
const SHORT_WORDS = 2;
/**
 * A quote of more words is short up to this number of letters: three small words in English, four
 * characters in Chinese.
 */
const SHORT_LETTERS = 8;

/**
 * Locates the quotes of all claims of an analysis in the transcript.
 *
 * A quote is searched in the stretch that the model heard, then in the whole transcript. Positions
 * given by the analysis are not used.
 */
export function locate(analysis: Analysis, transcript: Transcript): Analysis {
  const spoken = new SpokenWords(transcript.segments);
  const checked = <T extends Claim>(claim: T): T => {
    const evidence = claim.evidence.map((words) => located(words, spoken));
    return { ...claim, evidence, located: evidence.some(({ start }) => start !== undefined) };
  };
  const { topics, action_items, questions, sentiment, entities, chapters, highlights, answers, extracted } =
    analysis;
  const { engine } = transcript;
  return {
    ...analysis,
    evidence:
      engine.name === analysis.engine.name && engine.model === analysis.engine.model ? 'self' : 'other',
    ...(topics && { topics: topics.map(checked) }),
    ...(action_items && { action_items: action_items.map(checked) }),
    ...(questions && { questions: questions.map(checked) }),
    ...(sentiment && { sentiment: checked(sentiment) }),
    ...(entities && { entities: entities.map(checked) }),
    ...(chapters && { chapters: chapters.map(checked) }),
    ...(highlights && { highlights: highlights.map(checked) }),
    // Where nothing is answered there is nothing to locate.
    ...(answers && { answers: answers.map((each) => (each.answer === undefined ? each : checked(each))) }),
    ...(extracted && { extracted: { ...extracted, places: extracted.places.map(checked) } }),
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
