"""SSML: breaks, rates, and what is refused."""

import pytest

from spotscribe_common.errors import InvalidRequestError, UploadTooLargeError
from spotscribe_speech.text import limits, pauses
from spotscribe_speech.text.plan import Plan
from spotscribe_speech.text.read import read_text


def spoken(inside: str) -> Plan:
    return read_text(f"<speak>{inside}</speak>", language="en", ssml=True)


def shown(plan: Plan) -> list[tuple[str, float, float]]:
    return [(sentence.text, sentence.pause, round(sentence.rate, 6)) for sentence in plan.sentences]


@pytest.mark.parametrize(
    ("inside", "sentences"),
    [
        ('Hello <break time="500ms"/> world.', [("Hello", 0.5, 1), ("world.", pauses.END, 1)]),
        ('One. <break strength="none"/> Two.', [("One.", 0, 1), ("Two.", pauses.END, 1)]),
        ('One.<break/>', [("One.", 0.4, 1)]),
        ('<break time="1s"/>One.', [("", 1, 1), ("One.", pauses.END, 1)]),
        ('<prosody rate="slow">a <prosody rate="200%">b</prosody> c</prosody> d.',
         [("a", pauses.SPACE, 0.75), ("b", pauses.SPACE, 1.5), ("c", pauses.SPACE, 0.75),
          ("d.", pauses.END, 1)]),
        ('<prosody rate="+10%">a.</prosody>', [("a.", pauses.END, 1.1)]),
        ('<prosody rate="1.2">a.</prosody>', [("a.", pauses.END, 1.2)]),
        ("<p><s>One.</s><s>Two?</s></p><p>Three.</p>",
         [("One.", pauses.SENTENCE, 1), ("Two?", pauses.PARAGRAPH, 1), ("Three.", pauses.PARAGRAPH, 1)]),
        ('<sub alias="World Wide Web">W3</sub> site.', [("World Wide Web site.", pauses.END, 1)]),
        ("a &lt; b &amp; c.", [("a less than b and c.", pauses.END, 1)]),
        ("a<metadata>secret <s>more</s></metadata><desc>x</desc>b.", [("ab.", pauses.END, 1)]),
    ],
)  # fmt: skip
def test_what_is_spoken(inside: str, sentences: list[tuple[str, float, float]]) -> None:
    assert shown(spoken(inside)) == sentences


def test_other_elements_are_reported() -> None:
    plan = spoken(
        '<say-as interpret-as="date">May 5</say-as><prosody pitch="high"> a</prosody> '
        '<x:y xmlns:x="z">b</x:y>'
    )
    assert [sentence.text for sentence in plan.sentences] == ["May fifth", "a", "b"]
    assert plan.left_out == (
        "Not spoken: a tag <say-as>.",
        "Not spoken: an attribute 'pitch' of <prosody>.",
        "Not spoken: a tag <y>.",
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<speak>\n\n<p>a</speak>", "line 3: it is not well-formed XML"),
        ("plain", "line 1: it is not well-formed"),
        ("<x>a</x>", "<x>, and must be <speak>"),
        ('<speak>\n<break time="5 minutes"/></speak>', "line 2: time '5 minutes'"),
        ('<speak><break time="11s"/></speak>', "longer than 10 s"),
        ('<speak><break strength="huge"/></speak>', "strength 'huge'"),
        ('<speak><prosody rate="quick">a</prosody></speak>', "rate 'quick'"),
        ('<speak><prosody rate="10%">a</prosody></speak>', "makes the speed 0.1"),
        ('<speak><prosody rate="-100%">a</prosody></speak>', "makes the speed 0"),
        ('<speak><prosody rate="2"><prosody rate="3">a</prosody></prosody></speak>', "makes the speed 6"),
        ("<speak>&nbsp;</speak>", "undefined entity"),
        ('<!DOCTYPE speak><speak>a</speak>', "DOCTYPE"),
        ('<!DOCTYPE s [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><speak>&b;</speak>', "DOCTYPE"),
        ('<!DOCTYPE s [<!ENTITY a SYSTEM "file:///etc/passwd">]><speak>&a;</speak>', "DOCTYPE"),
        ('<!DOCTYPE s SYSTEM "http://127.0.0.1/x.dtd"><speak>a</speak>', "DOCTYPE"),
        ("<speak>" + "<s>" * 300 + "a" + "</s>" * 300 + "</speak>", "nested more than 200 deep"),
        ("<speak> </speak>", "nothing that a voice can speak"),
        ('<speak><break time="1s"/></speak>', "nothing that a voice can speak"),
    ],
)  # fmt: skip
def test_what_is_refused(text: str, message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        read_text(text, language="en", ssml=True)


def test_silence_is_bounded() -> None:
    with pytest.raises(UploadTooLargeError, match="breaks of more than 3,600 s"):
        spoken('a<break time="10s"/>' * 361)
    with pytest.raises(UploadTooLargeError, match="more than 20,000 breaks"):
        spoken('a<break time="1ms"/>' * (limits.MOST_BREAKS + 1))
