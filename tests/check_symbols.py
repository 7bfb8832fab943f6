"""Prove that no code compiled for an instruction set, and no mathematics of libm, gets where it must not.

    python tests/check_symbols.py build/dev [--core path/to/_core.so]

An inline function that a kernel file emits under its own flags is a weak symbol; the linker keeps one copy of
such a function for the whole program, and it may keep that one. So each cpp/kernels/table_*.cpp is compiled again,
with its flags from the build folder's compile_commands.json but at -O0, where nothing is inlined away, and must
define one global symbol: its table. The built core may take from libm the exact fma alone, since the other
functions differ from one C library to the next.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import re
import shlex
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

KERNELS = Path(__file__).parents[1] / "cpp" / "kernels"
KERNEL_SOURCE = re.compile(r".*/cpp/kernels/table_(\w+)\.cpp")
# lamina::kernels::<isa>_tables and its form for slow dividers, read-only data; {isa} is the source file's.
TABLE_SYMBOL = r"lamina::kernels::{isa}(_slow_divider)?_tables"
TABLE_KINDS = "DR"
# What the compiler may call in a C library on its own, and what it lacks without the instruction.
KERNEL_IMPORTS = re.compile(r"memcpy|memset|memmove|_GLOBAL_OFFSET_TABLE_|__stack_chk_fail")
SCALAR_IMPORTS = re.compile(r"fmaf?")
LIBM_ALLOWED = re.compile(r"fmaf?")


@dataclass(frozen=True)
class Symbol:
    kind: str
    name: str


def nm(path: Path, *options: str) -> list[Symbol]:
    output = subprocess.run(["nm", "--demangle", *options, path], check=True, capture_output=True, text=True).stdout
    rows = (re.fullmatch(r"[0-9a-f]*\s+(\S) (.+)", line) for line in output.splitlines())
    return [Symbol(row[1], row[2].partition("@")[0]) for row in rows if row]


def without_optimization(command: list[str], output: Path) -> list[str]:
    """Turn a build's command for one file into the same at -O0, without instrumentation, to another place."""
    kept = [part for part in command if not re.match(r"-O|-g|-fsanitize|-flto", part)]
    kept[kept.index("-o") + 1] = str(output)
    return [*kept, "-O0"]


def complaints(symbols: list[Symbol], isa: str) -> list[str]:
    """Say what a kernel object defines or needs that it should not."""
    table = re.compile(TABLE_SYMBOL.format(isa=isa))
    imports = [KERNEL_IMPORTS] + ([SCALAR_IMPORTS] if isa == "scalar" else [])
    found = []
    tables = 0
    for symbol in symbols:
        if symbol.kind == "U":
            if not any(allowed.fullmatch(symbol.name) for allowed in imports):
                found.append(f"needs {symbol.name}")
        elif symbol.kind in TABLE_KINDS and (match := table.fullmatch(symbol.name)):
            tables += match[1] is None
        elif not symbol.kind.islower() or symbol.kind in "uvw":
            found.append(f"exports {symbol.name} ({symbol.kind})")
    if tables != 1:
        found.append(f"defines {tables} tables in place of one")
    return found


def check_kernels(build: Path) -> list[str]:
    commands = json.loads((build / "compile_commands.json").read_text())
    found: list[str] = []
    checked: set[str] = set()
    with tempfile.TemporaryDirectory() as folder:
        for entry in commands:
            source = KERNEL_SOURCE.fullmatch(entry["file"])
            if not source or source[1] in checked:
                continue
            isa = source[1]
            output = Path(folder) / f"{isa}.o"
            command = without_optimization(shlex.split(entry["command"]), output)
            subprocess.run(command, check=True, cwd=entry["directory"])
            found += [f"table_{isa}.cpp {complaint}" for complaint in complaints(nm(output), isa)]
            checked.add(isa)
    on_disk = {path.stem.removeprefix("table_") for path in KERNELS.glob("table_*.cpp")}
    found += [f"table_{isa}.cpp is in no build" for isa in sorted(on_disk - checked)]
    print(f"kernel tables checked: {', '.join(sorted(checked)) or 'none'}")
    return found if checked else [*found, "no kernel table was checked"]


def check_libm(core: Path) -> list[str]:
    """Compare what a shared object imports with what libm and its kin alone offer; libc has exact helpers too."""
    libraries: dict[str, set[str]] = {}
    for line in subprocess.run(["ldd", core], check=True, capture_output=True, text=True).stdout.splitlines():
        row = re.match(r"\s*(lib(?:c|m|mvec|quadmath))\.so\S* => (\S+)", line)
        if row:
            libraries[row[1]] = {symbol.name for symbol in nm(Path(row[2]), "-D", "--defined-only")}
    if not {"libc", "libm"} <= set(libraries):  # libstdc++ needs both
        return [f"{core.name}: ldd does not say where libc and libm are"]
    helpers = libraries.pop("libc")
    mathematics = set().union(*libraries.values()) - helpers
    imported = {symbol.name for symbol in nm(core, "-D", "--undefined-only")}
    used = sorted(imported & mathematics)
    return [f"{core.name} imports {name} from libm" for name in used if not LIBM_ALLOWED.fullmatch(name)]


def show_that_it_can_fail() -> None:
    """Complain of a kernel file with an inline function, calls to libm and no table, and of a library made of it."""
    code = 'extern "C" double exp(double), fma(double, double, double);\n'
    code += "inline double leak(double x) { return fma(x, x, exp(x)); }\n"
    code += "double (*keep())(double) { return leak; }\n"
    with tempfile.TemporaryDirectory() as folder:
        source, output, shared = (Path(folder, name) for name in ("leak.cpp", "leak.o", "leak.so"))
        source.write_text(code)
        subprocess.run(["c++", "-O0", "-fPIC", "-c", source, "-o", output], check=True)
        subprocess.run(["c++", "-shared", output, "-o", shared], check=True)
        in_object, in_shared = complaints(nm(output), "avx2"), check_libm(shared)
    expected = {"exports leak(double) (W)", "exports keep() (T)", "needs exp", "defines 0 tables in place of one"}
    if missing := expected - set(in_object):
        sys.exit(f"the check is blind to: {', '.join(sorted(missing))}")
    if in_shared != ["leak.so imports exp from libm"]:  # and the exact fma, which it may
        sys.exit(f"the check of imports is blind: it says {in_shared}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=Path, help="a build folder with compile_commands.json")
    parser.add_argument("--core", type=Path, help="the built module; that of the installed lamina")
    given = parser.parse_args()
    core = given.core
    if core is None:
        spec = importlib.util.find_spec("lamina._core")
        if spec is None or spec.origin is None:
            sys.exit("lamina is not installed: name the built module with --core")
        core = Path(spec.origin)
    show_that_it_can_fail()
    found = check_kernels(given.build) + check_libm(core)
    print(f"imports checked: {core.name}")
    print("\n".join(found) or "no symbol is where it must not be")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
