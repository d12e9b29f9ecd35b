"""The transcripts in `test/fixtures/formats`, with what they look like in each format."""

from pathlib import Path

from spotscribe_testing.places import ROOT
from spotscribe_testing.renderings import Given

FIXTURES = ROOT / "test" / "fixtures" / "formats"
FOLDERS = sorted(FIXTURES.iterdir())


def fixture(folder: Path) -> Given:
    """What is to be written."""
    return Given.model_validate_json((folder / "given.json").read_bytes())
