"""Every format, held to the same files as `core/formats`."""

import json
from pathlib import Path

import pytest

from spotscribe_testing.format_fixtures import FOLDERS, fixture
from spotscribe_testing.renderings import renderings

FILES = {
    "srt": "answer.srt",
    "vtt": "answer.vtt",
    "text": "answer.text",
    "json": "answer.json",
    "verbose_json": "answer.verbose.json",
    "diarized_json": "answer.diarized.json",
}


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_fixture_is_written_as_the_files_beside_it(folder: Path, kind: str) -> None:
    found, expected = renderings(fixture(folder))[kind], (folder / FILES[kind]).read_bytes()
    if FILES[kind].endswith(".json"):
        assert json.loads(found) == json.loads(expected)
    else:
        assert found.encode() == expected


def test_there_are_fixtures() -> None:
    assert len(FOLDERS) >= 15
