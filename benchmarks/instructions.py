"""Compare the instructions of a training step with the committed figures, or renew these.

    python benchmarks/instructions.py build/dev            # fails where a count is off by more than 5%
    python benchmarks/instructions.py build/dev --renew    # writes what it counts to instructions.json

Times move with the machine's load; instruction counts repeat, so they tell a slower kernel from a busy machine. Each
workload is run by ``count_steps`` (benchmarks/cpp) under valgrind's callgrind, at the levels that valgrind executes:
scalar and AVX2, which takes a CPU with AVX2 and FMA. Only the steps are counted, after the first two: neither set-up
nor data. A count that fell by more than 5% fails too: with a figure that is too high, what was won could be lost again
without notice. The figures hold for the compiler that made them, which stands beside them; another one is compared all
the same, and named.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

FIGURES = Path(__file__).with_suffix(".json")
LEVELS = ("scalar", "avx2")
WORKLOADS = ("digits 784-128-64-10/batch:10", "circle 2-128-64-2/batch:10", "houses 38-38-128-64-1/batch:10")
STEPS = 16
TOLERANCE = 0.05

# {"compiler": its version, "instructions": {workload: {level: instructions a step}}}
Figures = dict[str, Any]


def count(program: Path, workload: str, level: str) -> tuple[int, str]:
    """Return the instructions of a step, and the compiler that built the program."""
    with tempfile.TemporaryDirectory() as folder:
        profile = Path(folder, "profile")
        valgrind = ["valgrind", "-q", "--tool=callgrind", "--toggle-collect=counted_steps"]
        command = [*valgrind, f"--callgrind-out-file={profile}", str(program), workload, str(STEPS)]
        try:
            run = subprocess.run(command, env=os.environ | {"LAMINA_ISA": level}, capture_output=True, text=True)
        except FileNotFoundError:
            sys.exit("valgrind is not installed")
        if run.returncode != 0:
            sys.exit(f"{workload}, {level}: {run.stderr.strip()}")
        total = re.search(r"^totals: (\d+)$", profile.read_text(), re.MULTILINE)
    ran = json.loads(run.stdout)
    if ran["level"] != level:
        sys.exit(f"{workload}: {ran['level']} ran in place of {level}")
    if total is None or int(total[1]) == 0:
        sys.exit(f"{workload}, {level}: callgrind saw no call of counted_steps in {program}")
    return round(int(total[1]) / STEPS), ran["compiler"]


def count_all(program: Path) -> Figures:
    instructions: dict[str, dict[str, int]] = {workload: {} for workload in WORKLOADS}
    compiler = ""
    for workload in WORKLOADS:
        for level in LEVELS:
            instructions[workload][level], compiler = count(program, workload, level)
    return {"compiler": compiler, "instructions": instructions}


def compare(found: Figures, committed: Figures) -> tuple[list[str], list[str]]:
    """Return the lines of a table, and a complaint for each count that is off."""
    lines = [f"{'instructions a step':32} {'level':6} {'committed':>12} {'found':>12}"]
    complaints = []
    for workload, levels in found["instructions"].items():
        for level, new in levels.items():
            old = committed["instructions"].get(workload, {}).get(level)
            if old is None:
                lines.append(f"{workload:32} {level:6} {'none':>12} {new:12,}")
                complaints.append(f"{workload}, {level}: no figure is committed")
                continue
            change = new / old - 1
            lines.append(f"{workload:32} {level:6} {old:12,} {new:12,} {change:+8.2%}")
            if abs(new - old) > TOLERANCE * old:
                why = "" if change > 0 else "; a figure that is too high guards nothing"
                complaints.append(f"{workload}, {level}: {old:,} instructions are now {new:,} ({change:+.1%}){why}")
    if found["compiler"] != committed["compiler"]:
        lines.append(f"built by {found['compiler']}, the figures by {committed['compiler']}: some change may be theirs")
    return lines, complaints


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=Path, help="a build folder of the preset dev")
    parser.add_argument("--renew", action="store_true", help=f"write the counts to {FIGURES.name}")
    given = parser.parse_args()
    program = given.build / "benchmarks" / "cpp" / "count_steps"
    if not program.is_file():
        sys.exit(f"{program} is missing: build the preset dev first")
    found = count_all(program)
    committed = found | {"instructions": {}}
    if FIGURES.exists():
        committed = json.loads(FIGURES.read_text())
    lines, complaints = compare(found, committed)
    print("\n".join(lines))
    if given.renew:
        FIGURES.write_text(json.dumps(found, indent=2) + "\n")
        print(f"{FIGURES.name} is renewed; commit it with the change that moved the counts, and say why")
    elif complaints:
        renew = f"python benchmarks/{Path(__file__).name} {given.build} --renew"
        sys.exit("\n".join([*complaints, f"where that is meant to be, renew the figures: {renew}"]))


if __name__ == "__main__":
    main()
