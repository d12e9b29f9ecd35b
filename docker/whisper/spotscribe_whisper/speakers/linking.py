"""Finds the same speaker again in other sections of a long file, by the voices' embeddings. Numpy alone."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spotscribe_whisper.speakers.diarizer import SpeakerCount, VoiceEmbedding

# What is assumed between voices of which one could not be measured: nothing in common.
_UNKNOWN = 1.0


@dataclass(frozen=True)
class Voice:
    """A speaker of one section.

    Attributes:
        section: number of the section.
        embedding: the voice as it is heard there.
        seconds: how long the speaker speaks there: the weight of the embedding.
    """

    section: int
    embedding: VoiceEmbedding
    seconds: float


def link(voices: Sequence[Voice], count: SpeakerCount, same: float) -> list[int]:
    """Numbers of speakers, one for each voice, from 0 on.

    The closest two are joined until none are closer than `same`, a cosine distance (agglomerative clustering
    by centroids, weighted by the seconds of speech). Voices of one section are never joined: there they were
    told apart by hearing both. The count holds for the whole file: joining stops at `least`, and goes on down
    to `most` whatever the distance. Only where a section alone holds more voices than `most` must two of them
    share.
    """
    if not voices:
        return []
    least, most = count.exact or count.least or 1, count.exact or count.most or len(voices)
    groups = [[number] for number in range(len(voices))]
    sums = np.stack([_weighted(voice) for voice in voices])
    distances = _distances(sums)
    apart = np.array([[one.section == other.section for other in voices] for one in voices])
    while len(groups) > least:
        allowed = np.where(apart, np.inf, distances)
        kept, gone = divmod(int(np.argmin(allowed)), len(groups))
        nearest = allowed[kept, gone]
        if not np.isfinite(nearest) or (nearest > same and len(groups) <= most):
            break
        groups[kept] += groups.pop(gone)
        sums[kept] += sums[gone]
        apart[kept] |= apart[gone]
        apart[:, kept] = apart[kept]
        sums = np.delete(sums, gone, axis=0)
        apart = np.delete(np.delete(apart, gone, axis=0), gone, axis=1)
        distances = _distances(sums)
    return _numbers(_at_most(groups, most, voices), len(voices))


def mean_voice(voices: Sequence[Voice]) -> NDArray[np.float64]:
    """One speaker's voice over all sections, weighted by the seconds of speech.

    Zeros if none was measured.
    """
    total: NDArray[np.float64] = np.sum([_weighted(voice) for voice in voices], axis=0)
    return total


def _weighted(voice: Voice) -> NDArray[np.float64]:
    """The voice's direction, as long as it was heard; zeros if it has none."""
    embedding = np.asarray(voice.embedding, dtype=np.float64)
    length = float(np.linalg.norm(embedding))
    if not np.isfinite(length) or length == 0:
        return np.zeros_like(embedding)
    return embedding / length * max(voice.seconds, 0.001)


def _distances(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cosine distances of shape (groups, groups), infinite on the diagonal."""
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    units = np.divide(sums, lengths, out=np.zeros_like(sums), where=lengths > 0)
    # A voice that could not be measured is zeros, and so at the distance of the unknown from all.
    distances: NDArray[np.float64] = _UNKNOWN - units @ units.T
    np.fill_diagonal(distances, np.inf)
    return distances


def _at_most(groups: list[list[int]], most: int, voices: Sequence[Voice]) -> list[list[int]]:
    """Dissolves the groups heard least, where joining two at a time came to a stop above `most`.

    A voice goes to the nearest group without a voice of its section. There is one as long as its section
    holds no more than `most` voices: the others of its section fill at most one group each.
    """
    heard = sorted(groups, key=lambda group: -sum(voices[number].seconds for number in group))
    kept, dissolved = [list(group) for group in heard[:most]], heard[most:]
    for number in (number for group in dissolved for number in group):
        sums = [mean_voice([voices[n] for n in group]) for group in kept]
        distances = _distances(np.stack([*sums, _weighted(voices[number])]))[-1, :-1]
        taken = np.array([any(voices[n].section == voices[number].section for n in group) for group in kept])
        # A distance is 2 at most: a group that is taken comes after all that are free.
        kept[int(np.argmin(distances + 3.0 * taken))].append(number)
    return kept


def _numbers(groups: Sequence[Sequence[int]], voices: int) -> list[int]:
    numbers = [0] * voices
    for speaker, group in enumerate(groups):
        for number in group:
            numbers[number] = speaker
    return numbers
