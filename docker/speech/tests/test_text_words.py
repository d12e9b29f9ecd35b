"""What is written, in words. Every kind that a library reads wrongly has a row here."""

import random
import re

import pytest

from spotscribe_speech.text.words.normalize import spoken


@pytest.mark.parametrize(
    ("written", "words"),
    [
        # Numbers.
        ("1,234 people", "one thousand two hundred and thirty four people"),
        ("0.05", "zero point zero five"),
        ("007", "zero zero seven"),
        ("-5 apples", "minus five apples"),
        ("12345678901234567890", "one two three four five six seven eight nine zero " * 2),
        ("9, 10 and 11.", "nine, ten and eleven."),
        ("the 21st", "the twenty first"),
        ("3/4 of it", "three quarters of it"),
        ("1½ cups", "one and a half cups"),
        ("open 24/7", "open twenty four seven"),
        ("10-15 people", "ten to fifteen people"),
        ("10–15 km", "ten to fifteen kilometers"),
        ("100-1500 words", "one hundred to fifteen hundred words"),
        ("B2B", "B two B"),
        ("٣ and ３", "three and three"),
        ("1920x1080", "one thousand nine hundred and twenty by one thousand and eighty"),
        ("1. First", "one. First"),
        # Years, decades, dates, times.
        ("In 1984", "In nineteen eighty four"),
        ("In 1905", "In nineteen oh five"),
        ("In 2005", "In two thousand five"),
        ("the 1990s and '80s", "the nineteen nineties and eighties"),
        ("1914–1918", "nineteen fourteen to nineteen eighteen"),
        ("1939-45", "nineteen thirty nine to forty five"),
        ("Jan. 5th, 2024", "January fifth, twenty twenty four"),
        ("on 5 january 2024", "on the fifth of January twenty twenty four"),
        ("the 5th of May", "the fifth of May"),
        ("you may 5 times", "you may five times"),
        ("2024-11-29", "November twenty ninth, twenty twenty four"),
        ("29/11/2024", "November twenty ninth, twenty twenty four"),
        ("2024-13-29", "two zero two four, one three, two nine"),
        ("at 3:30pm.", "at three thirty P M."),
        ("at 5 p.m.", "at five P M."),
        ("at 5 p.m. sharp", "at five P M sharp"),
        ("at 9:05", "at nine oh five"),
        ("at 9:00", "at nine o'clock"),
        # Money and measures.
        ("$3.50", "three dollars and fifty cents"),
        ("$0.99", "ninety nine cents"),
        ("$1.01", "one dollar and one cent"),
        ("$1,000,000", "one million dollars"),
        ("$5 million", "five million dollars"),
        ("$5-10", "five to ten dollars"),
        ("£1.2m", "one point two million pounds"),
        ("50% of €20", "fifty percent of twenty euros"),
        ("¥500", "five hundred yen"),
        ("25 km/h", "twenty five kilometers per hour"),
        ("1 km.", "one kilometer."),
        ("100 m", "one hundred meters"),
        ("-5 °C", "minus five degrees Celsius"),
        ("5'10\"", "five feet ten inches"),
        ("3 ft 5 in", "three feet five inches"),
        ("5 in the morning", "five in the morning"),
        ("5 min. later", "five minutes later"),
        # Versions and phone numbers.
        ("version 2.0.1", "version two point zero point one"),
        ("v2.0", "version two point zero"),
        ("192.168.0.1", "one hundred and ninety two dot one hundred and sixty eight dot zero dot one"),
        ("Call 555-1234", "Call five five five, one two three four"),
        ("(555) 123-4567", "five five five, one two three, four five six seven"),
        ("+1 555 123 4567", "plus one, five five five, one two three, four five six seven"),
        # Addresses.
        ("mail a@b.com.", "mail a at b dot com."),
        ("see https://x.org/a.", "see x dot org slash a."),
        ("(www.x.org)", "(W W W dot x dot org)"),
        # Abbreviations.
        ("Dr. Smith", "Doctor Smith"),
        ("Mulholland Dr. is long", "Mulholland Drive is long"),
        ("St. James St. No. 5", "Saint James Street number five"),
        ("Mr. and Mrs. O'Neil", "Mister and Missus O'Neil"),
        ("No. He said no.", "No. He said no."),
        ("e.g. this, etc.", "for example this, et cetera."),
        ("He sat. Max. Jan.", "He sat. Max. Jan."),
        ("the U.S.A. and the U.S. Army", "the USA and the US Army"),
        ("J. R. R. Tolkien", "J R R Tolkien"),
        ("p. 5, pp. 5-6", "page five, pages five to six"),
        # Roman numerals.
        ("Chapter IV", "Chapter four"),
        ("CHAPTER IV. DOWN THE RABBIT-HOLE", "Chapter four. Down The Rabbit-Hole"),
        ("World War II", "World War two"),
        ("King Henry VIII", "King Henry the eighth"),
        ("Charles I was, and Charles I think", "Charles the first was, and Charles I think"),
        ("the XIX century", "the nineteenth century"),
        ("I did, and MIX, DIM and CD", "I did, and MIX, DIM and CD"),
        # Signs.
        ("salt & pepper, and/or", "salt and pepper, and or"),
        ("2 + 2 = 4", "two plus two equals four"),
        ("*bold* _it_ #5 #tag", "bold it number five hashtag tag"),
        ("wait -- what", "wait — what"),
        ("don’t “go”", 'don\'t "go"'),
        ("ﬁre", "fire"),
    ],
)
def test_english(written: str, words: str) -> None:
    assert spoken(written, "en") == words.strip()


@pytest.mark.parametrize(
    ("language", "written", "words"),
    [
        ("de", "Es kostet 1.234,5 Euro", "Es kostet eintausendzweihundertvierunddreißig Komma fünf Euro"),
        ("fr", "il y a 21 hommes", "il y a vingt et un hommes"),
        ("zh", "今天3月5日，50%", "今天三月五日，百分之五十"),
        ("ja", "価格は1,234円です", "価格は千二百三十四円です"),
        ("zh", "∑3。{3个}", "三。 三个"),
        ("tlh", "abc 5", "abc 5"),
        ("de", "007 und 1.2.3", "007 und 1.2.3"),
    ],
)
def test_other_languages(language: str, written: str, words: str) -> None:
    assert spoken(written, language) == words


_WORDS = re.findall(
    r"\S+", "Alice rabbit King Henry I V march May the of no at in St Dr co it USA iv x m ft O'Neil naïve"
)
_MARKS = ["1", "23", "1,234", *"$€%.,-–/:'\"()&#@½"]
# What stands for a word that is not said as it is written.
_EXPANDED = {
    "st": "saint street", "dr": "doctor drive", "co": "company", "no": "number", "ft": "foot feet fort",
    "m": "meter meters million", "i": "i one first", "v": "five version fifth", "iv": "four fourth",
    "x": "x by times",
}  # fmt: skip


def test_no_word_is_lost() -> None:
    """Whatever is written beside it, each word is spoken, or what it stands for is."""
    draw = random.Random(600)
    for _ in range(3000):
        # Two words are never written together, so that those of the text are known.
        written = ""
        for _ in range(draw.randint(2, 12)):
            gap = " " if written[-1:].isalpha() else draw.choice(["", " "])
            written += (
                gap + draw.choice(_WORDS)
                if draw.random() < 0.6
                else draw.choice(["", " "]) + draw.choice(_MARKS)
            )
        said = set(re.findall(r"[^\W\d_]+", spoken(written, "en").lower()))
        for word in re.findall(r"[^\W\d_½]{2,}", written.lower()):
            known = {word, *_EXPANDED.get(word, "").split()}
            assert known & said, (word, written, spoken(written, "en"))
        assert not re.search(r"[0-9$€%#@]", spoken(written, "en")), (written, spoken(written, "en"))
