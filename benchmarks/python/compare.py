"""Time lamina and its rivals in turn, over all workloads, and print one table.

    LAMINA_DATA=... python benchmarks/python/compare.py --jax-python /path/to/jax/bin/python

Each program is a process of its own, pinned to the same CPUs. A pair is lamina, then the rival; the
machine's multiply-add peak is measured before and after it, and a pair during which the peak moved by
more than 5 % is discarded. The figure of a rival is the median of its kept pairs' ratios, lamina's time
over the rival's: below 1, lamina is faster. A rival whose interpreter is not named, or cannot import
it, is reported as missing, and one that fails as failed; a failure makes the exit status 1.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from pairs import ProgramError, Runner, alone, compare
from table import to_markdown
from workloads import INTERPRETERS, RIVAL_NAMES, RIVALS, WORKLOADS, Rival, Workload, variable


class Rivals:
    """The rivals that were asked for, and which of them can run here."""

    def __init__(self, runner: Runner, interpreters: dict[str, str | None], names: list[str]) -> None:
        self.runner = runner
        self.interpreters = {"": sys.executable, **interpreters}
        self.names = names
        self.versions = {name: {version} for name, version in runner.versions(sys.executable, "lamina numpy").items()}
        self._problems: dict[tuple[str, str], str | None] = {}

    def of(self, kind: str) -> list[Rival]:
        return [rival for rival in RIVALS[kind] if rival.name in self.names]

    def problem(self, rival: Rival) -> str | None:
        """Return why a rival cannot run, or None; its interpreter is asked once."""
        key = (rival.python, rival.modules)
        if key not in self._problems:
            self._problems[key] = self._ask(rival)
        return self._problems[key]

    def _ask(self, rival: Rival) -> str | None:
        python = self.interpreters[rival.python]
        if not python:
            return f"missing: no --{rival.python}-python or {variable(rival.python)}"
        try:
            found = self.runner.versions(python, rival.modules, rival.environment, rival.check)
            for name, version in found.items():
                self.versions.setdefault(name, set()).add(version)
        except ProgramError as error:
            return f"missing: {python}: {error}"
        return None


def missing_data(workload: Workload) -> str | None:
    """Return why the data of a workload cannot be read, or None."""
    if workload.data != "mnist":
        return None
    root = os.environ.get("LAMINA_DATA")
    if not root:
        return "skipped: LAMINA_DATA is not set; it names the folder that holds mnist/"
    for name in ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"):
        file = Path(root) / "mnist" / name
        if not file.exists() and not file.with_name(f"{name}.gz").exists():
            return f"skipped: LAMINA_DATA={root} holds no mnist/{name}"
    return None


def failed(error: ProgramError) -> dict[str, Any]:
    print(f"  failed: {error.details}", file=sys.stderr, flush=True)
    return {"problem": f"failed: {error}", "details": error.details}


def run_workload(runner: Runner, workload: Workload, rivals: Rivals, pairs: int) -> dict[str, Any]:
    """Return the report on one workload: lamina alone, then against each rival."""
    item: dict[str, Any] = {"name": workload.name, "title": workload.title, "steps": workload.steps, "rivals": []}
    print(f"{workload.name}: {workload.title}", flush=True)
    if problem := missing_data(workload):
        print(f"  {problem}", flush=True)
        return item | {"alone": {"problem": problem}}
    try:
        item["alone"] = alone(runner, workload)
    except ProgramError as error:
        return item | {"alone": failed(error)}
    for rival in rivals.of(workload.kind):
        problem = rivals.problem(rival)
        print(f"{workload.name}, {rival.title}{f': {problem}' if problem else ''}", flush=True)
        result: dict[str, Any] = {"rival": rival.title}
        if problem:
            result["problem"] = problem
        else:
            try:
                result |= compare(runner, workload, rival, rivals.interpreters[rival.python] or "", pairs)
            except ProgramError as error:
                result |= failed(error)
        item["rivals"].append(result)
    return item


def describe_machine(runner: Runner, cpus: set[int]) -> dict[str, Any]:
    model = platform.processor()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return {
        "cpu": model,
        "cpus": sorted(cpus),
        "threads": runner.threads,
        "system": platform.platform(),
        "python": platform.python_version(),
        **runner.core(),
    }


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workload", action="append", choices=WORKLOADS, help="repeatable; all")
    parser.add_argument("--rival", action="append", choices=RIVAL_NAMES, help="repeatable; all")
    for python in INTERPRETERS:
        name = variable(python)
        parser.add_argument(f"--{python}-python", default=os.environ.get(name), help=f"its interpreter; {name}")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=3, help="timed epochs, blocks or processes; the best counts")
    parser.add_argument("--steps", type=int, help="steps in an epoch or calls in a block, in place of the workload's")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--cpus", help="comma list; the first ones this process may use")
    parser.add_argument("--output", type=Path, help="write OUTPUT.json and OUTPUT.md")
    return parser.parse_args()


def main() -> None:
    given = parse_arguments()
    allowed = sorted(os.sched_getaffinity(0))
    cpus = {int(cpu) for cpu in given.cpus.split(",")} if given.cpus else set(allowed[: given.threads])
    runner = Runner(given.threads, cpus, given.epochs)
    interpreters = {python: getattr(given, f"{python.replace('-', '_')}_python") for python in INTERPRETERS}
    rivals = Rivals(runner, interpreters, given.rival or list(RIVAL_NAMES))

    items = []
    for name in given.workload or WORKLOADS:
        workload = WORKLOADS[name]
        if given.steps and workload.sizes:
            workload = replace(workload, steps=given.steps)
        items.append(run_workload(runner, workload, rivals, given.pairs))

    report = {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "machine": describe_machine(runner, cpus),
        "versions": {name: sorted(found) for name, found in rivals.versions.items()},
        "pairs": given.pairs,
        "workloads": items,
    }
    markdown = to_markdown(report)
    print("\n" + markdown)
    if given.output:
        given.output.with_name(f"{given.output.name}.json").write_text(json.dumps(report, indent=1) + "\n")
        given.output.with_name(f"{given.output.name}.md").write_text(markdown)
    if any("details" in part for item in items for part in (item["alone"], *item["rivals"])):
        raise SystemExit("a program failed: see its row")


if __name__ == "__main__":
    main()
