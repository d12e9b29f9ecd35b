"""A model's folder may be anybody's: nothing in it runs."""

import json
from pathlib import Path
from typing import Any

import pytest

from spotscribe_common.errors import ModelMissingError
from spotscribe_embeddings.engines.model_files import check_sentence_model
from spotscribe_embeddings.engines.sentence_transformers import precision_of

TRANSFORMER = {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}
DENSE = {"idx": 1, "name": "1", "path": "1_Dense", "type": "sentence_transformers.models.Dense"}


def model(folder: Path, modules: Any, activation: str = "torch.nn.modules.linear.Identity") -> Path:
    (folder / "1_Dense").mkdir(exist_ok=True)
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "config.json").write_text("{}")
    (folder / "1_Dense" / "config.json").write_text(json.dumps({"activation_function": activation}))
    return folder


def test_a_model_of_the_librarys_own_modules_is_accepted(tmp_path: Path) -> None:
    check_sentence_model(model(tmp_path, [TRANSFORMER, DENSE]))


@pytest.mark.parametrize(
    ("modules", "activation", "words"),
    [
        ([{**TRANSFORMER, "type": "custom_st.Transformer"}], "torch.nn.Tanh", "custom_st.Transformer"),
        ([{**TRANSFORMER, "type": "os.system"}], "torch.nn.Tanh", "os.system"),
        ([TRANSFORMER, DENSE], "os.getcwd", "os.getcwd"),
        ([TRANSFORMER, {**DENSE, "path": "../other"}], "torch.nn.Tanh", "outside of its folder"),
        ({"0": TRANSFORMER}, "torch.nn.Tanh", "not a list of modules"),
    ],
)
def test_a_model_that_names_code_of_others_is_refused(
    tmp_path: Path, modules: Any, activation: str, words: str
) -> None:
    with pytest.raises(ModelMissingError, match="model") as refused:
        check_sentence_model(model(tmp_path, modules, activation))
    assert words in refused.value.message


def test_what_is_missing_or_corrupt_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match=r"modules\.json is missing"):
        check_sentence_model(tmp_path)
    (model(tmp_path, [TRANSFORMER]) / "config.json").write_text("{")
    with pytest.raises(ModelMissingError, match=r"config\.json is corrupt"):
        check_sentence_model(tmp_path)


@pytest.mark.parametrize(
    ("chosen", "kind", "device", "expected"),
    [
        ("auto", "t5", "cuda", "float32"),
        ("auto", "mt5", "cuda", "float32"),
        ("auto", "bert", "cuda", "float16"),
        ("auto", "bert", "cpu", "float32"),
        ("float16", "t5", "cuda", "float16"),
        ("float32", "bert", "cuda", "float32"),
    ],
)
def test_t5_is_computed_in_single_precision(chosen: Any, kind: str, device: str, expected: str) -> None:
    assert precision_of(chosen, kind, device) == expected
