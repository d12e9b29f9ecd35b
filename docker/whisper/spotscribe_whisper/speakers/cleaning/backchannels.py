"""Which words are backchannels: what a listener says to show that she listens ("yeah", "mm-hmm", "genau")."""

import re
import unicodedata
from collections.abc import Sequence

# Continuers, agreement and short assessments of listeners: the classes of what conversation analysis calls
# response tokens (R. Gardner, "When Listeners Talk", 2001). "No" and its like are left out on purpose: they
# answer. A listed word counts only where nothing else is said with it.
_PHRASES = (
    # English
    "yeah", "yes", "yep", "yup", "ya", "right", "okay", "ok", "k", "sure", "exactly",
    "absolutely", "definitely", "totally", "indeed", "correct", "true", "alright",
    "all right", "really", "wow", "cool", "great", "nice", "good", "perfect", "awesome",
    "amazing", "interesting", "fascinating", "gotcha", "got it", "i see", "i know",
    "of course", "for sure", "that's right", "that's true", "fair enough", "makes sense",
    "sounds good", "very good", "so true",
    # German
    "ja", "jaja", "jo", "jep", "genau", "richtig", "stimmt", "klar", "na klar", "ach so",
    "achso", "ach", "ach ja", "aha", "gut", "sehr gut", "alles klar", "natürlich", "absolut",
    "eben", "doch", "verstehe", "ich verstehe", "schön", "toll", "super", "spannend",
    "interessant", "wirklich", "echt", "na ja", "naja", "freilich",
    # French
    "oui", "ouais", "d'accord", "exactement", "tout à fait", "bien sûr", "voilà", "c'est ça",
    "c'est vrai", "ah bon", "ah oui", "absolument", "effectivement", "en effet", "bien",
    "très bien", "ben oui", "vraiment", "je vois", "bon",
    # Spanish
    "sí", "si", "claro", "claro que sí", "vale", "exacto", "exactamente", "ya", "bueno",
    "de acuerdo", "por supuesto", "así es", "muy bien", "eso es", "verdad", "ajá", "venga",
    "anda", "entiendo",
    # Italian
    "sì", "certo", "esatto", "giusto", "va bene", "vero", "ecco", "infatti", "capisco",
    "davvero", "bene", "bello",
    # Portuguese
    "sim", "é", "pois", "pois é", "está bem", "tá", "tá bom", "certo", "isso",
    "claro que sim", "verdade", "entendi",
    # Dutch, Swedish, Danish, Norwegian
    "precies", "inderdaad", "klopt", "goed", "oké", "tuurlijk", "natuurlijk", "leuk",
    "just det", "precis", "okej", "jaha", "jo", "visst", "præcis", "nemlig", "nettopp",
    "ikke sant", "akkurat",
    # Polish, Russian, Turkish
    "tak", "no tak", "dokładnie", "właśnie", "jasne", "dobrze", "да", "ага", "угу", "конечно",  # noqa: RUF001
    "точно", "понятно", "хорошо", "evet", "tamam", "aynen", "doğru",
    # Japanese, Chinese, Korean
    "はい", "ええ", "うん", "そう", "そうですね", "なるほど",
    "嗯", "对", "對", "是", "是的", "好", "好的", "네",
    "예", "응", "맞아요", "그래요", "그렇죠",
)  # fmt: skip

# Hums and cries, however long they are drawn: mm, hmm, mm-hmm, uh-huh, uh, um, huh, ah, aha, oh, eh, äh, öhm.
_HUM = re.compile(r"m*h*m+|u+h+(?:u*h+)?|u+m+|hu+h|a+h*|a+ha+|o+h*|e+h+m*|[äö]+h+m*|a+w+")
_APOSTROPHES = str.maketrans({"’": "'", "ʼ": "'", "`": "'"})  # noqa: RUF001 (they are what is replaced)
_NOT_SPOKEN = re.compile(r"[^\w']|_")


def normalised(word: str) -> str:
    """The word without case, punctuation, hyphens and outer quotes: "Mm-hmm," becomes "mmhmm"."""
    plain = unicodedata.normalize("NFKC", word).casefold().translate(_APOSTROPHES)
    return _NOT_SPOKEN.sub("", plain).strip("'")


_KNOWN = frozenset(tuple(normalised(word) for word in phrase.split()) for phrase in _PHRASES) | {
    # Languages without spaces come character by character, too.
    tuple(phrase)
    for phrase in _PHRASES
    if phrase[0] >= "\u3000"
}
_LONGEST = max(len(phrase) for phrase in _KNOWN)


def content_words(words: Sequence[str]) -> list[str]:
    """The words that are no backchannels, normalised; phrases of several words are taken as wholes."""
    spoken = [plain for plain in map(normalised, words) if plain]
    content: list[str] = []
    at = 0
    while at < len(spoken):
        length = _backchannel_at(spoken, at)
        if length == 0:
            content.append(spoken[at])
        at += max(length, 1)
    return content


def only_backchannels(words: Sequence[str]) -> bool:
    """Whether something is said, and nothing but backchannels."""
    return any(map(normalised, words)) and not content_words(words)


def _backchannel_at(spoken: Sequence[str], at: int) -> int:
    """How many words the longest backchannel takes that begins here; 0 for none."""
    for length in range(min(_LONGEST, len(spoken) - at), 0, -1):
        if tuple(spoken[at : at + length]) in _KNOWN:
            return length
    return 1 if _HUM.fullmatch(spoken[at]) else 0
