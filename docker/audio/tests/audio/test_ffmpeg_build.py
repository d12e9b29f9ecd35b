"""What the images' own build of ffmpeg can read and write: `docker/ffmpeg.sh`."""

import re

from spotscribe_audio.audio.media import CONTAINERS
from spotscribe_testing.places import DOCKER

SCRIPT = (DOCKER / "ffmpeg.sh").read_text()
# Names of containers that another demuxer's name stands for.
DEMUXERS = {"mp4": "mov", "mpeg": "mpegps", "webm": "matroska"}
# Recognised, and refused.
PICTURES = {"gif", *(f"image_{name}_pipe" for name in ("bmp", "jpeg", "png", "tiff", "webp"))}


def listed(name: str) -> set[str]:
    return {each for line in re.findall(rf"^{name}=(\S+)$", SCRIPT, re.MULTILINE) for each in line.split(",")}


def test_it_reads_the_accepted_containers_and_no_others() -> None:
    accepted = {DEMUXERS.get(name, name) for name in CONTAINERS}
    others = {"$demuxers", "pcm_s16le", "ffmetadata", *PICTURES}
    assert listed("demuxers") - others == accepted
    assert not PICTURES & set(CONTAINERS)


def test_it_opens_files_and_pipes_alone() -> None:
    assert re.findall(r"--enable-protocol=(\S+)", SCRIPT) == ["file,pipe"]
    assert "--disable-network" in SCRIPT
