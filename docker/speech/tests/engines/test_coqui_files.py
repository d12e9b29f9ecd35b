"""The files of an XTTS may be anybody's: nothing in them runs, and loading writes and fetches nothing."""

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spotscribe_common.errors import ModelMissingError
from spotscribe_speech.engines.coqui.loading import load_xtts
from spotscribe_testing.models.tiny_xtts import tiny_xtts

pytestmark = pytest.mark.production


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole") / "xtts-v2"
    tiny_xtts(folder)
    return folder


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    """A model whose files can be replaced one by one."""
    linked = tmp_path / "xtts-v2"
    linked.mkdir()
    for file in whole.iterdir():
        (linked / file.name).symlink_to(file)
    return linked


def replaced(file: Path) -> Path:
    file.unlink()
    return file


class Touches:
    """Makes a file when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self._marker = marker

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return (os.mkdir, (str(self._marker),))


@pytest.mark.parametrize("name", ["model.pth", "speakers_xtts.pth"])
@pytest.mark.parametrize("is_zip", [True, False])
def test_a_pickle_that_would_run_code_does_not(
    folder: Path, tmp_path: Path, name: str, *, is_zip: bool
) -> None:
    import torch

    marker = tmp_path / "ran"
    hostile = Touches(marker)
    torch.save(
        {"model": {"gpt": hostile}, "Ann": hostile},
        replaced(folder / name),
        _use_new_zipfile_serialization=is_zip,
    )
    with pytest.raises(ModelMissingError, match="xtts-v2"):
        load_xtts(folder, "cpu")
    assert not marker.exists()
    # The file does run where it is not held back: the test could fail.
    torch.load(folder / name, weights_only=False)
    assert marker.is_dir()


@pytest.mark.parametrize("name", ["model.pth", "speakers_xtts.pth"])
def test_a_plain_pickle_is_refused(folder: Path, tmp_path: Path, name: str) -> None:
    replaced(folder / name).write_bytes(pickle.dumps({"model": Touches(tmp_path / "ran")}))
    with pytest.raises(ModelMissingError, match="xtts-v2"):
        load_xtts(folder, "cpu")
    assert not (tmp_path / "ran").exists()


def test_a_configuration_without_objects_is_read_too(folder: Path, whole: Path) -> None:
    import torch

    from spotscribe_speech.engines.coqui.weights import read_weights

    weights = read_weights(whole / "model.pth")["model"]
    torch.save({"config": {"model": "xtts"}, "model": weights}, replaced(folder / "model.pth"))
    loaded = load_xtts(folder, "cpu").state_dict()
    assert loaded["gpt.mel_head.bias"].equal(weights["gpt.mel_head.bias"])


def test_the_configuration_names_no_further_files(folder: Path, whole: Path) -> None:
    read = json.loads((whole / "config.json").read_text())
    read["use_d_vector_file"] = True
    read["d_vector_file"] = "http://127.0.0.1:1/d_vectors.pth"
    read["model_args"]["speaker_encoder_model_path"] = "http://127.0.0.1:1/encoder.pth"
    read["model_args"]["gpt_number_text_tokens"] = 5
    replaced(folder / "config.json").write_text(json.dumps(read))
    model = load_xtts(folder, "cpu")
    assert len(model.speaker_manager.speakers) == 3
    assert model.args.gpt_number_text_tokens > 5


@pytest.mark.parametrize(
    ("name", "contents", "words"),
    [
        ("model.pth", None, "model.pth is missing"),
        ("vocab.json", None, "vocab.json is missing"),
        ("speakers_xtts.pth", None, "speakers_xtts.pth is missing"),
        ("config.json", None, "config.json is missing"),
        ("config.json", b"{", "config.json is corrupt"),
        ("config.json", b"[]", "not an object"),
        ("vocab.json", b"{}", "is corrupt"),
        ("model.pth", b"PK\x03\x04 no zip", "is corrupt"),
        ("config.json", b'{"model_args": {"gpt_layers": 3}}', "is corrupt"),
    ],
)
def test_what_is_missing_or_corrupt_is_named(
    folder: Path, name: str, contents: bytes | None, words: str
) -> None:
    file = replaced(folder / name)
    if contents is not None:
        file.write_bytes(contents)
    with pytest.raises(ModelMissingError, match=r"Put|Fetch") as refused:
        load_xtts(folder, "cpu")
    assert words in refused.value.message
    assert len(refused.value.message) < 700


@pytest.mark.parametrize("speakers", [{}, {"Ann": {}}, {"Ann": 1}, [1]])
def test_speakers_that_do_not_fit_are_named(folder: Path, speakers: Any) -> None:
    import torch

    from spotscribe_speech.engines.coqui.speakers import built_in_speakers

    torch.save(speakers, replaced(folder / "speakers_xtts.pth"))
    with pytest.raises(ModelMissingError, match=r"speakers_xtts\.pth"):
        built_in_speakers(load_xtts(folder, "cpu"))


# In a process of its own, because importing the package is what would ask, fetch and write.
_CHILD = """
import os, sys
from pathlib import Path
models, scratch = Path(sys.argv[1]), sys.argv[2]
bad = []

def watch(event, values):
    if event == "open":
        path, mode, flags = values
        writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if writes and isinstance(path, str) and not path.startswith((scratch, "/dev/")):
            bad.append(("open", path))
    elif event in ("os.mkdir", "os.rename", "os.remove"):
        if not str(values[0]).startswith(scratch):
            bad.append((event, values[0]))
    elif event.startswith(("socket.connect", "socket.getaddrinfo", "subprocess", "os.system", "builtins.in")):
        bad.append((event, values[0]))

sys.addaudithook(watch)
from spotscribe_speech.engines.coqui import CoquiEngine
engine = CoquiEngine(models, is_license_accepted=True)
engine.load()
engine.speak("One two.", engine.voices[1], "en", 2)
engine.speak("こんにちは", engine.voices[1], "ja", 1)
assert not bad, bad
print(len(engine.voices))
"""


def test_loading_and_speaking_write_ask_and_fetch_nothing(whole: Path, tmp_path: Path) -> None:
    home, scratch, work = (tmp_path / name for name in ("home", "scratch", "work"))
    for made in (home, scratch, work):
        made.mkdir()
    before = {file: file.stat().st_mtime_ns for file in whole.iterdir()}
    done = subprocess.run(
        [sys.executable, "-B", "-c", _CHILD, whole.parent, scratch],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(sys.path),
            "HOME": str(home),
            "TMPDIR": str(scratch),
            "OMP_NUM_THREADS": "1",
        },
        cwd=work,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.strip() == "3"
    assert [*home.rglob("*"), *work.rglob("*")] == []
    assert {file: file.stat().st_mtime_ns for file in whole.iterdir()} == before
