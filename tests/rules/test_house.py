"""The rules of CONTRIBUTING.md that a test can tell: rooms, sizes, names, who imports whom."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from core.paths import PROJECT

MOST_MODULES, MOST_PAGE_LINES = 12, 120
MOST_LINES, MOST_DECLARING, MOST_PARAMETERS = 40, 60, 8
NAMELESS = {"told", "found", "asked", "given", "made", "one", "of"}
FRAME = "pages.shared.frame"
FEWEST_PAGES = 3
# Functions that only declare may be longer.
DECLARING = {"core.__main__._parser"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def sources(*folders: str) -> list[Path]:
    files = [file for folder in folders for file in (PROJECT / folder).rglob("*.py")]
    return sorted(files)


CODE = [*sources("core", "pages"), PROJECT / "app.py"]
MODULES = {".".join(f.relative_to(PROJECT).with_suffix("").parts): f for f in CODE}


@cache
def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text("utf-8"))


def functions(file: Path) -> Iterator[Function]:
    yield from (n for n in ast.walk(parsed(file)) if isinstance(n, Function))


def place(file: Path, node: ast.AST) -> str:
    return f"{file.relative_to(PROJECT)}:{getattr(node, 'lineno', 0)}"


def body_lines(function: Function) -> int:
    """Lines of a function without signature and docstring."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (function.end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_a_folder_holds_few_modules():
    held = defaultdict(list)
    for file in sources("core", "pages"):
        # In pages/ each file is an entry of the navigation.
        if file.name != "__init__.py" and file.parent.name != "pages":
            held[str(file.parent.relative_to(PROJECT))].append(file.name)
    assert {f: len(names) for f, names in held.items() if len(names) > MOST_MODULES} == {}


def test_a_page_is_short():
    lines = {
        f.name: len(f.read_text("utf-8").splitlines()) for f in (PROJECT / "pages").glob("*.py")
    }
    assert {name: n for name, n in lines.items() if n > MOST_PAGE_LINES} == {}


def test_functions_are_short():
    long = {}
    for name, file in MODULES.items():
        for function in functions(file):
            most = MOST_DECLARING if f"{name}.{function.name}" in DECLARING else MOST_LINES
            if body_lines(function) > most:
                long[f"{place(file, function)} {function.name}"] = body_lines(function)
    assert long == {}


def test_functions_take_few_parameters():
    many = {}
    for file in CODE:
        for function in functions(file):
            every = function.args.posonlyargs + function.args.args + function.args.kwonlyargs
            count = sum(argument.arg not in ("self", "cls") for argument in every)
            if count > MOST_PARAMETERS:
                many[f"{place(file, function)} {function.name}"] = count
    assert many == {}


def test_variables_name_their_role():
    nameless = []
    for file in CODE:
        for node in ast.walk(parsed(file)):
            stored = isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            name = node.id if stored else node.arg if isinstance(node, ast.arg) else ""
            if name in NAMELESS:
                nameless.append(f"{place(file, node)} {name}")
    assert nameless == []


def test_no_class_name_stands_twice_in_core():
    classes = defaultdict(list)
    for file in sources("core"):
        for node in ast.walk(parsed(file)):
            if isinstance(node, ast.ClassDef):
                classes[node.name].append(place(file, node))
    assert {name: places for name, places in classes.items() if len(places) > 1} == {}


def test_no_test_imports_from_a_test_module():
    imported = [
        f"{file.relative_to(PROJECT)}: {module}"
        for file in sources("tests")
        for module in imports(file)
        if any(part.startswith("test_") for part in module.split("."))
    ]
    assert imported == []


def imports(file: Path) -> set[str]:
    """Modules that a file imports, those within functions too."""
    names: set[str] = set()
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def reached(module: str) -> set[str]:
    """Modules of the project that one imports, directly or through others."""
    seen: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in MODULES and name not in seen:
            seen.add(name)
            waiting += imports(MODULES[name])
    return seen


def test_what_the_frame_holds_serves_several_pages():
    pages = [name for name in MODULES if name.count(".") == 1 and name.startswith("pages.")]
    serving = {page: reached(page) | reached("app") for page in pages}
    frame = [name for name in MODULES if name.startswith(f"{FRAME}.")]
    few = {
        name: sorted(page for page in pages if name in serving[page])
        for name in frame
        if sum(name in serving[page] for page in pages) < FEWEST_PAGES
    }
    assert few == {}


PLUGINS = {
    "core/datasets/recordings": "DATASETS",
    "core/encoders/families": "ENCODERS",
    "core/maps/methods": "METHODS",
    "core/splits/kinds": "KINDS",
    "core/decoders/heads": "HEADS",
    "core/decoders/losses": "LOSSES",
    "core/dissimilarity/models": "MODELS",
    "core/jobs/cluster/engines": "ENGINES",
}


@pytest.mark.parametrize("folder", PLUGINS)
def test_a_folder_of_plug_ins_holds_nothing_else(folder):
    for file in (PROJECT / folder).glob("*.py"):
        if file.name != "__init__.py":
            calls = [n.func for n in ast.walk(parsed(file)) if isinstance(n, ast.Call)]
            names = {f.id if isinstance(f, ast.Name) else getattr(f, "attr", "") for f in calls}
            assert "register" in names, file


# Small files of the layouts of releases: what several tests read, no test of a folder.
WRITTEN = "core/datasets/layouts"


def test_tests_mirror_the_folders():
    """Each folder of tests below core and pages is a folder of the code."""
    strays = [
        str(folder.relative_to(PROJECT))
        for top in ("core", "pages")
        for folder in (PROJECT / "tests" / top).rglob("*")
        if folder.is_dir() and folder.name != "__pycache__"
        if not (PROJECT / folder.relative_to(PROJECT / "tests")).is_dir()
    ]
    assert [stray for stray in strays if stray != f"tests/{WRITTEN}"] == []
