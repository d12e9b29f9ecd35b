"""Stretches of a recording in words."""

from collections.abc import Sequence

from spotscribe_audio.speech.windows import Window


def named(windows: Sequence[Window]) -> str:
    """Where windows lie, as "from 0:00 to 8:00 and from 16:00 to 24:00".

    Args:
        windows: ascending; those that touch are one stretch.
    """
    stretches: list[Window] = []
    for window in windows:
        if stretches and stretches[-1].end == window.start:
            stretches[-1] = Window(stretches[-1].start, window.end)
        else:
            stretches.append(window)
    return " and ".join(f"from {_clock(one.start)} to {_clock(one.end)}" for one in stretches)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
