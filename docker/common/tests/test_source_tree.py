"""The Python sources stay easy to find one's way in: small folders, small files, no import circles."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from spotscribe_testing.places import DOCKER, ROOT

MOST_FILES = 20
MOST_LINES = 250
PACKAGES = sorted(
    init.parent
    for folder, pattern in (
        (DOCKER, "*/spotscribe_*"),
        (ROOT / "bench", "services/spotscribe_*"),
        (ROOT / "local", "emulator/spotscribe_*"),
    )
    for init in folder.glob(f"{pattern}/__init__.py")
)


def modules_of(packages: list[Path]) -> dict[str, Path]:
    """Dotted name to file; a package goes by its `__init__.py`."""
    return {
        ".".join(file.relative_to(package.parent).with_suffix("").parts).removesuffix(".__init__"): file
        for package in packages
        for file in package.rglob("*.py")
    }


def imported_names(module: str, file: Path) -> Iterator[tuple[str, str | None]]:
    """What each import names, wherever in the file it stands: a module, and what is taken from it."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            here = module.split(".") if file.name == "__init__.py" else module.split(".")[:-1]
            above = here[: len(here) + 1 - node.level] if node.level else []
            origin = ".".join([*above, *([node.module] if node.module else [])])
            yield from ((origin, alias.name) for alias in node.names)


def imports_of(module: str, modules: dict[str, Path]) -> set[str]:
    """The modules of ours that one imports: `from package import name` may mean the module `name`."""
    found = set()
    for origin, name in imported_names(module, modules[module]):
        if f"{origin}.{name}" in modules:
            found.add(f"{origin}.{name}")
        elif origin in modules:
            found.add(origin)
        else:
            ours = {known.split(".")[0] for known in modules}
            assert origin.split(".")[0] not in ours, f"{module} imports {origin}, which is not there"
    return found


def circle_of(packages: list[Path]) -> list[str] | None:
    """Modules that import each other in a circle, the first one again at its end."""
    modules = modules_of(packages)
    try:
        TopologicalSorter({module: imports_of(module, modules) for module in modules}).prepare()
    except CycleError as error:
        # Each comes before what imports it.
        return list(reversed(error.args[1]))
    return None


def test_all_packages_are_looked_at() -> None:
    assert {package.name.removeprefix("spotscribe_") for package in PACKAGES} == {
        "audio", "bench", "common", "embeddings", "emulator", "speech", "testing", "voxtral", "whisper",
    }  # fmt: skip


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_no_folder_has_too_many_files(package: Path) -> None:
    folders = {file.parent for file in package.rglob("*.py")}
    counts = {str(folder.relative_to(ROOT)): len([*folder.glob("*.py")]) for folder in folders}
    assert {folder: count for folder, count in counts.items() if count > MOST_FILES} == {}


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_no_file_is_too_long(package: Path) -> None:
    lines = {
        str(file.relative_to(ROOT)): len(file.read_text().splitlines()) for file in package.rglob("*.py")
    }
    assert {file: count for file, count in lines.items() if count > MOST_LINES} == {}


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert circle_of(PACKAGES) is None


@pytest.mark.parametrize(
    ("package", "known"),
    [
        ("common", {"common"}),
        ("audio", {"audio", "common"}),
        ("embeddings", {"common", "embeddings"}),
        ("speech", {"common", "speech"}),
        ("whisper", {"audio", "common", "whisper"}),
        ("voxtral", {"audio", "common", "voxtral"}),
    ],
)
def test_a_package_imports_only_those_below_it(package: str, known: set[str]) -> None:
    modules = modules_of(PACKAGES)
    imported = {
        (module, found)
        for module in modules
        if module.split(".")[0] == f"spotscribe_{package}"
        for found in imports_of(module, modules)
    }
    allowed = {f"spotscribe_{name}" for name in known}
    assert imported != set()
    assert [pair for pair in imported if pair[1].split(".")[0] not in allowed] == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("import p.room.b", "import p.a"),
        ("from p.room.b import x", "from p.a import y"),
        ("from p.room import b", "from p import a"),
        ("from .room import b", "from ..a import y"),
        ("def f():\n    from p.room import b", "from .. import a"),
        ("if TYPE_CHECKING:\n    from p.room.b import X", "import p.a as other"),
    ],
)
def test_a_circle_is_found_however_the_imports_are_written(tmp_path: Path, first: str, second: str) -> None:
    room = tmp_path / "p" / "room"
    room.mkdir(parents=True)
    for file, text in {"__init__": "", "a": first, "room/__init__": "", "room/b": ""}.items():
        (tmp_path / "p" / f"{file}.py").write_text(text)
    assert circle_of([tmp_path / "p"]) is None
    (room / "b.py").write_text(second)
    found = circle_of([tmp_path / "p"])
    assert found is not None
    assert set(found) == {"p.a", "p.room.b"}
