"""Where things lie in the repository."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
DOCKER = ROOT / "docker"
FIXTURES = ROOT / "test" / "fixtures" / "contract"
SCHEMA = ROOT / "core" / "contract" / "contract.schema.json"
OPENAPI = ROOT / "docs" / "openapi"
SAMPLE = ROOT / "samples" / "good-morning.flac"
SAMPLE_TEXT = ROOT / "samples" / "good-morning.txt"


def sample_words() -> list[str]:
    """The words spoken in the sample, as a recogniser without punctuation writes them."""
    spoken = SAMPLE_TEXT.read_text().lower()
    return "".join(c if c.isalnum() else " " for c in spoken).split()
