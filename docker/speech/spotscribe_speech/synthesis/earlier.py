"""What an earlier attempt has spoken, held against what is asked for now."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from pathlib import Path

from spotscribe_common.contract import EarlierSpeech, SpeechSource, SpeechTotals
from spotscribe_common.errors import CancelledWorkError, InvalidRequestError
from spotscribe_common.quoting import quoted
from spotscribe_common.requests.shared_files import open_shared
from spotscribe_speech.sound.parts import DamagedPartError, Spoken
from spotscribe_speech.text.plan import Plan, Sentence


def check_source(earlier: EarlierSpeech, source: SpeechSource) -> None:
    """Refuses what was made differently.

    Args:
        earlier: what the request says of it.
        source: what the speech is made with now.

    Raises:
        InvalidRequestError: any of it differs.
    """
    for name, value in source:
        found = getattr(earlier, name)
        if found != value:
            said = (
                "another text or speed" if name == "plan" else f"the {name} {quoted(str(found))}, not {value}"
            )
            raise _refused(f"The earlier part was made with {said}")


def add_earlier(
    spoken: Spoken, earlier: EarlierSpeech, plan: Plan, shared: Path, is_stopped: Callable[[], bool]
) -> None:
    """Adds the parts of an earlier attempt.

    Args:
        spoken: still empty.
        earlier: what the request says of it.
        plan: what is spoken.
        shared: the folder in which the parts are.
        is_stopped: whether nobody wants it any more.

    Raises:
        InvalidRequestError: its parts are not what the request says.
        SourceForbiddenError: a part leads outside the shared folder.
        SourceNotFoundError: a part is not there.
        CancelledWorkError: it was stopped.
    """
    for number, path in enumerate(earlier.parts, 1):
        if is_stopped():
            raise CancelledWorkError
        try:
            spoken.add_earlier(partial(open_shared, shared, path))
        except DamagedPartError as error:
            raise _refused(f"The earlier part {number} cannot be used: {error}") from error
    found = totals_of(spoken, plan.sentences)
    if found != earlier.totals:
        said = earlier.totals
        raise _refused(
            f"The earlier parts have {found.sentences} sentences, {found.characters} characters and "
            f"{found.seconds} s; the request says {said.sentences}, {said.characters} and {said.seconds}"
        )


def totals_of(spoken: Spoken, sentences: Sequence[Sentence]) -> SpeechTotals:
    """What was spoken so far, of all sentences."""
    count = len(spoken.sentences.lengths)
    characters = sum(sentence.characters for sentence in islice(sentences, count))
    return SpeechTotals(sentences=count, characters=characters, seconds=spoken.seconds)


def _refused(why: str) -> InvalidRequestError:
    return InvalidRequestError(f"{why}. Start again without it.", param="earlier")
