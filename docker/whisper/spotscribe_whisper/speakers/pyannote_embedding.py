"""Computes what the voices of a chunk share only once."""

from typing import Any


def share_frames(network: Any) -> bool:
    """Lets a network of WeSpeaker compute the frames of equal neighbours in a batch once.

    Pyannote 4.0 gives the network each chunk once for each speaker that it may hold, with another mask. The
    mask only weighs the frames where they are pooled, after nearly all of the work:
    https://github.com/pyannote/pyannote-audio/issues/2050. The embeddings differ by rounding at most.

    Args:
        network: a `pyannote.audio.Model`. From here on, its calls share frames.

    Returns:
        Whether it is a network of WeSpeaker. Any other one stays as it is.
    """
    import torch  # noqa: PLC0415
    from pyannote.audio.models.embedding.wespeaker import BaseWeSpeakerResNet  # noqa: PLC0415

    if not isinstance(network, BaseWeSpeakerResNet):
        return False
    plain = network.forward

    def forward(waveforms: Any, weights: Any = None) -> Any:
        if weights is None:
            return plain(waveforms)
        is_new = torch.ones(len(waveforms), dtype=torch.bool, device=waveforms.device)
        is_new[1:] = (waveforms[1:] != waveforms[:-1]).flatten(start_dim=1).any(dim=1)
        frames = network.forward_frames(waveforms[is_new])
        return network.forward_embedding(frames[is_new.cumsum(dim=0) - 1], weights=weights)

    network.forward = forward
    return True
