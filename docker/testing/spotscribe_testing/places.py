"""Where things lie in the repository."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
DOCKER = ROOT / "docker"
FIXTURES = ROOT / "test" / "fixtures" / "contract"
ANSWER_SCHEMAS = ROOT / "test" / "fixtures" / "answer-schemas.json"
SCHEMA = ROOT / "core" / "contract" / "contract.schema.json"
OPENAPI = ROOT / "docs" / "openapi"
SAMPLE = ROOT / "samples" / "good-morning.flac"
SAMPLE_TEXT = ROOT / "samples" / "good-morning.txt"


def plain_words(text: str) -> list[str]:
    """The words of a text in lower case, without marks."""
    return "".join(c if c.isalnum() else " " for c in text.lower()).split()


def sample_words() -> list[str]:
    """The words spoken in the sample."""
    return plain_words(SAMPLE_TEXT.read_text())
