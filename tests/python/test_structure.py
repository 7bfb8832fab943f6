"""The house rules that a compiler does not check: who may include, import and use what.

The rules are functions from ``{path: text}`` to a list of complaints. They run over the repository, where
they must find nothing, and over small wrong trees, where they must find the fault.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

import pytest

pytestmark = pytest.mark.known_paths

ROOT = Path(__file__).parents[2]
Files = Mapping[str, str]

# Each folder may include itself and those before it; folders of one entry do not include one another.
CPP_ORDER = (
    {"base"},
    {"kernels"},
    {"gemm"},
    {"layers", "losses", "optimizers", "metrics", "initializers"},
    {"network"},
    {"training"},
    {"bindings"},
)
# The same for the package's public modules; those of one entry may import one another as long as no circle closes.
# A private module has no place of its own: what it imports counts as imported by those that import it.
PYTHON_ORDER = (
    {"_core"},
    {"activations", "initializers", "regularizers", "constraints", "losses", "metrics", "optimizers"},
    {"layers", "callbacks", "config", "utils", "datasets"},
    {"models"},
    {"testing", "plot", "saving"},
    {"compat"},
    {"__init__"},
)
# What importing lamina may load besides the standard library; all else is imported where it is used.
IMPORTED_AT_ONCE = {"numpy", "lamina", "typing_extensions"}

# Files compiled for an instruction set, and all they include, see nothing that could leave inline code behind.
KERNEL_STANDARD = {"cstdint", "cstddef"}
KERNEL_INTRINSICS = {"immintrin.h", "arm_neon.h"}
KERNEL_BASE = {"cpp/base/types.h"}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)
OPENMP = re.compile(r'#[ \t]*pragma[ \t]+omp\b|_Pragma\("omp\b|[<"]omp\.h[>"]')
PYBIND = re.compile(r"\bpybind11\b|\bPython\.h\b")
TARGET = re.compile(r"__attribute__\s*\(\(\s*(?:__)?target\b|#[ \t]*pragma[ \t]+GCC[ \t]+target\b|\[\[gnu::target\b")
ISA_FLAG = re.compile(r"-m(?:avx|fma|f16c|bmi|sse|prefer-vector|tune=|arch=(?!x86-64-v2\b))[\w.=-]*")
FORBIDDEN_FLAG = re.compile(r"-ffast-math|-Ofast|-funsafe-math\S*|-m(?:arch|tune)=native")


def read(*patterns: str) -> dict[str, str]:
    """Return the repository's files that match, by path."""
    paths = (path for pattern in patterns for path in ROOT.glob(pattern) if path.is_file())
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in paths}


def cpp_sources() -> dict[str, str]:
    return read("cpp/**/*.h", "cpp/**/*.cpp", "cpp/**/*.inl", "cpp/**/*.def")


def build_files() -> dict[str, str]:
    folders = ("cpp", "tests/cpp", "benchmarks/cpp")
    return read(
        *("CMakeLists.txt", "CMakePresets.json", "pyproject.toml", "cmake/*"),
        *(f"{folder}/**/{name}" for folder in folders for name in ("CMakeLists.txt", "*.cmake")),
    )


# --- C++ -------------------------------------------------------------------------------------------------------------


def own_includes(path: str, files: Files) -> Iterator[str]:
    """Yield the repository files that ``path`` includes, whether they exist or not."""
    for quoted, _ in INCLUDE.findall(files[path]):
        if quoted:
            beside = (PurePosixPath(path).parent / quoted).as_posix()
            yield beside if beside in files else f"cpp/{quoted}"


def cpp_rank(path: str) -> int | None:
    folder = PurePosixPath(path).parts[1]
    return next((rank for rank, folders in enumerate(CPP_ORDER) if folder in folders), None)


def wrong_includes(files: Files) -> list[str]:
    """Complain of includes against the order of the folders, and of missing files."""
    found = []
    for path in files:
        rank = cpp_rank(path)
        if rank is None:
            found.append(f"{path}: its folder has no place in CPP_ORDER")
            continue
        for target in own_includes(path, files):
            if target not in files:
                found.append(f"{path} includes {target}, which does not exist")
                continue
            below = cpp_rank(target)
            same_folder = path.split("/")[1] == target.split("/")[1]
            if below is None or (below >= rank and not same_folder):
                found.append(f"{path} includes {target}: the wrong way")
    return found


def outside_their_room(files: Files) -> list[str]:
    """Complain of pybind11, OpenMP, intrinsics and target attributes outside the places they belong to."""
    found = []
    for path, text in files.items():
        if PYBIND.search(text) and not path.startswith("cpp/bindings/"):
            found.append(f"{path}: pybind11 belongs to cpp/bindings")
        if OPENMP.search(text) and path not in {"cpp/base/team.h", "cpp/base/team.cpp"}:
            found.append(f"{path}: OpenMP belongs to cpp/base/team")
        if TARGET.search(text):
            found.append(f"{path}: code for an instruction set is chosen by file, not by attribute")
        is_vector_header = path.startswith("cpp/kernels/vec_")
        for _, system in INCLUDE.findall(text):
            if system in KERNEL_INTRINSICS and not is_vector_header:
                found.append(f"{path}: <{system}> belongs to cpp/kernels/vec_*.h")
    return found


def reachable(path: str, files: Files) -> set[str]:
    """Return ``path`` and all that it includes, directly or not."""
    seen: set[str] = set()
    pending = [path]
    while pending:
        current = pending.pop()
        if current not in seen and current in files:
            seen.add(current)
            pending.extend(own_includes(current, files))
    return seen


def impure_kernels(files: Files) -> list[str]:
    """Complain of what the files compiled for an instruction set reach besides kernels and their vector header."""
    found = []
    tables = [path for path in files if re.fullmatch(r"cpp/kernels/table_\w+\.cpp", path)]
    if not tables:
        found.append("no cpp/kernels/table_*.cpp: the rule has nothing to look at")
    for table in tables:
        seen = reachable(table, files)
        vectors = sorted(path for path in seen if path.startswith("cpp/kernels/vec_"))
        if len(vectors) != 1:
            found.append(f"{table} must reach one vector header, not {vectors}")
        for path in seen:
            if not path.startswith("cpp/kernels/") and path not in KERNEL_BASE:
                found.append(f"{table} reaches {path}")
            allowed = KERNEL_STANDARD | (KERNEL_INTRINSICS if path in vectors else set())
            for _, system in INCLUDE.findall(files[path]):
                if system and system not in allowed:
                    found.append(f"{path}, compiled for an instruction set, includes <{system}>")
    return found


def wrong_flags(files: Files) -> list[str]:
    """Complain of instruction-set flags away from the kernels, and of flags that change arithmetic anywhere."""
    found = []
    for path, text in files.items():
        found += [f"{path}: {flag} is never used" for flag in FORBIDDEN_FLAG.findall(text)]
        if not path.startswith("cpp/kernels/"):
            found += [f"{path}: {flag} belongs to cpp/kernels" for flag in ISA_FLAG.findall(text)]
    return found


# --- Python ----------------------------------------------------------------------------------------------------------


def module_name(path: str) -> str:
    """``python/lamina/datasets/mnist.py`` is ``lamina.datasets.mnist``."""
    parts = PurePosixPath(path).with_suffix("").parts[1:]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_type_checking(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}


def import_statements(body: list[ast.stmt], at_import: bool) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    """Yield imports and whether they run when the module is imported; those for type checkers are left out."""
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node, at_import
        if is_type_checking(node):
            continue
        inside = at_import and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for child in ast.iter_child_nodes(node):
            blocks = [child] if isinstance(child, ast.stmt) else getattr(child, "body", [])
            if isinstance(blocks, list):
                yield from import_statements(blocks, inside)


def imports_of(path: str, text: str, modules: set[str]) -> Iterator[tuple[str, bool]]:
    """Yield the modules that a file imports, those of the package by full name, and whether at import time."""
    name = module_name(path)
    package = name if path.endswith("/__init__.py") else name.rpartition(".")[0]
    for node, at_import in import_statements(ast.parse(text).body, at_import=True):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, at_import
            continue
        base = node.module or ""
        if node.level:
            parents = package.split(".")
            base = ".".join([*parents[: len(parents) - node.level + 1], *([base] if base else [])])
        for alias in node.names:
            full = f"{base}.{alias.name}"
            yield (full if full in modules else base), at_import


def is_private(module: str) -> bool:
    parts = module.split(".")
    return len(parts) > 1 and parts[1].startswith("_") and parts[1] != "_core"


def python_rank(module: str) -> int | None:
    parts = module.split(".")
    key = parts[1] if len(parts) > 1 else "__init__"
    return next((rank for rank, keys in enumerate(PYTHON_ORDER) if key in keys), None)


def wrong_imports(files: Files) -> list[str]:
    """Complain of imports against PYTHON_ORDER, of circles, and of heavy packages loaded with the module."""
    found = []
    modules = {module_name(path) for path in files} | {"lamina._core"}
    edges: dict[str, set[str]] = {}
    for path, text in files.items():
        own = edges.setdefault(module_name(path), set())
        for target, at_import in imports_of(path, text, modules):
            top = target.partition(".")[0]
            if top == "lamina":
                own.add(target)
            elif at_import and top not in IMPORTED_AT_ONCE | sys.stdlib_module_names:
                found.append(f"{path} imports {target} at once; import it where it is used")
    for module in edges:
        if is_private(module):
            continue
        rank = python_rank(module)
        if rank is None:
            found.append(f"{module} has no place in PYTHON_ORDER")
            continue
        for target in imported_publicly(module, edges):
            below = python_rank(target)
            if below is None or below > rank:
                found.append(f"{module} imports {target}: the wrong way")
    return found + circles(edges)


def imported_publicly(module: str, edges: Mapping[str, set[str]]) -> set[str]:
    """Return the public modules that a module imports itself or through private ones."""
    seen: set[str] = set()
    pending = [module]
    while pending:
        for target in edges.get(pending.pop(), set()) - seen:
            seen.add(target)
            if is_private(target):
                pending.append(target)
    return {target for target in seen if not is_private(target)}


def circles(edges: Mapping[str, set[str]]) -> list[str]:
    """Return one complaint for each import that closes a circle."""
    found: list[str] = []
    done: set[str] = set()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        if module in trail:
            found.append("circle: " + " -> ".join([*trail[trail.index(module) :], module]))
        elif module not in done:
            for target in sorted(edges.get(module, ())):
                visit(target, (*trail, module))
            done.add(module)

    for module in edges:
        visit(module, ())
    return found


# --- the repository keeps the rules ----------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", [wrong_includes, outside_their_room, impure_kernels])
def test_cpp(rule):
    assert rule(cpp_sources()) == []


def test_build_flags():
    files = build_files()
    assert "CMakeLists.txt" in files
    assert wrong_flags(files) == []


def test_python():
    assert wrong_imports(read("python/lamina/**/*.py")) == []


# --- the rules find what they are for --------------------------------------------------------------------------------

EMPTY = {f"cpp/{folder}/x.h": "" for folders in CPP_ORDER for folder in folders}


@pytest.mark.parametrize(
    ("path", "text", "complaint"),
    [
        ("cpp/base/y.cpp", '#include "network/x.h"', "the wrong way"),
        ("cpp/base/y.cpp", '#  include "../kernels/x.h"', "does not exist"),
        ("cpp/losses/y.cpp", '#include "metrics/x.h"', "the wrong way"),
        ("cpp/gemm/y.cpp", 'int a;\n#include "layers/x.h"', "the wrong way"),
        ("cpp/training/y.cpp", '#include "bindings/x.h"', "the wrong way"),
        ("cpp/training/y.cpp", '#include "network/z.h"', "does not exist"),
        ("cpp/extras/y.cpp", "", "no place"),
    ],
)
def test_wrong_include_is_found(path, text, complaint):
    assert wrong_includes(EMPTY) == []
    assert any(complaint in found for found in wrong_includes({**EMPTY, path: text}))


def test_right_include_passes():
    text = '#include "network/x.h"\n#include <vector>\n// #include "bindings/x.h" is wrong\n#include "y.h"'
    assert wrong_includes({**EMPTY, "cpp/training/y.cpp": text, "cpp/training/y.h": ""}) == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("cpp/network/y.cpp", "#include <pybind11/pybind11.h>"),
        ("cpp/network/y.cpp", "#pragma omp parallel"),
        ("cpp/base/cpu.cpp", "#include <omp.h>"),
        ("cpp/gemm/y.cpp", "#include <immintrin.h>"),
        ("cpp/gemm/y.cpp", '__attribute__((target("avx2"))) void f();'),
    ],
)
def test_wrong_room_is_found(path, text):
    assert outside_their_room({path: text})


KERNEL = {
    "cpp/kernels/table_avx2.cpp": '#include "kernels/vec_avx2.h"\n#include "kernels/a.inl"',
    "cpp/kernels/vec_avx2.h": "#include <cstdint>\n#include <immintrin.h>",
    "cpp/kernels/a.inl": '#include "base/types.h"',
    "cpp/base/types.h": "#include <cstdint>",
    "cpp/base/error.h": "",
    "cpp/kernels/vec_scalar.h": "",
}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("cpp/kernels/a.inl", "#include <cmath>"),
        ("cpp/kernels/a.inl", '#include "base/error.h"'),
        ("cpp/kernels/a.inl", '#include "kernels/vec_scalar.h"'),
        ("cpp/base/types.h", "#include <vector>"),
        ("cpp/kernels/table_avx2.cpp", '#include "kernels/a.inl"'),
    ],
)
def test_impure_kernel_is_found(path, text):
    assert impure_kernels(KERNEL) == []
    assert impure_kernels({**KERNEL, path: text})


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("CMakeLists.txt", "add_compile_options(-mavx2)"),
        ("cpp/gemm/CMakeLists.txt", "-march=haswell"),
        ("cpp/kernels/CMakeLists.txt", "-march=native"),
        ("CMakePresets.json", '"CMAKE_CXX_FLAGS": "-ffast-math"'),
    ],
)
def test_wrong_flag_is_found(path, text):
    assert wrong_flags({"CMakeLists.txt": "-march=x86-64-v2", "cpp/kernels/CMakeLists.txt": "-mavx2 -mfma"}) == []
    assert wrong_flags({path: text})


@pytest.mark.parametrize(
    ("path", "text", "complaint"),
    [
        ("python/lamina/losses.py", "from .models import Sequential", "the wrong way"),
        ("python/lamina/losses.py", "from . import models", "the wrong way"),
        ("python/lamina/_data.py", "def f():\n    if True:\n        from lamina.layers import Dense", "losses imports"),
        ("python/lamina/datasets/mnist.py", "from ..models import Sequential", "the wrong way"),
        ("python/lamina/_core.py", "from . import losses", "the wrong way"),
        ("python/lamina/metrics.py", "from .losses import Loss\nimport lamina.metrics", "circle"),
        ("python/lamina/losses.py", "from . import metrics\n", "circle"),
        ("python/lamina/models.py", "try:\n    import rich\nexcept ImportError:\n    pass", "at once"),
        ("python/lamina/surprise.py", "", "no place"),
    ],
)
def test_wrong_import_is_found(path, text, complaint):
    right = {
        "python/lamina/__init__.py": "from . import models, losses",
        "python/lamina/losses.py": "import numpy as np\nfrom . import _core, _data",
        "python/lamina/metrics.py": "from .losses import Loss",
        "python/lamina/_data.py": "def f():\n    import pandas",
        "python/lamina/layers.py": "",
        "python/lamina/models.py": (
            "from typing import TYPE_CHECKING\nfrom .layers import Dense\n"
            "if TYPE_CHECKING:\n    from .testing import f\n    import rich"
        ),
        "python/lamina/testing.py": "from .models import Sequential",
    }
    assert wrong_imports(right) == []
    assert any(complaint in found for found in wrong_imports({**right, path: text}))
