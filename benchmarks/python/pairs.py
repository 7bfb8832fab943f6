"""Runs the programs, lamina and a rival in turn, and decides which pairs count.

Before and after each pair the machine's multiply-add peak is measured: where it moved, the machine was
not the same for both, and the pair is discarded.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from workloads import LAMINA, Rival, Workload

PROGRAMS = Path(__file__).parent / "programs"
PEAK_TOLERANCE = 0.05
ATTEMPTS_PER_PAIR = 4
TIME_LIMIT = 900  # seconds a program


class ProgramError(Exception):
    """A program that failed: its last words, and all that it wrote to stderr."""

    def __init__(self, command: Sequence[str], reason: str, stderr: str = "") -> None:
        words = [line.strip() for line in stderr.splitlines() if line.strip()]
        program = "" if command[1] == "-c" else f"{Path(command[1]).name}: "
        super().__init__(f"{program}{reason}{f': {words[-1]}' if words else ''}")
        self.details = f"{' '.join(command)}\n{stderr[-3000:]}"


@dataclass(frozen=True)
class Pair:
    """What lamina and a rival reported, and the peak before and after, in GFLOP/s."""

    lamina: dict[str, Any]
    rival: dict[str, Any]
    peaks: tuple[float, float]

    @property
    def ratio(self) -> float:
        return self.lamina["seconds"] / self.rival["seconds"]

    @property
    def steady(self) -> bool:
        before, after = self.peaks
        return abs(after / before - 1) <= PEAK_TOLERANCE


class Runner:
    """Starts programs pinned to the chosen CPUs and reads the one line each prints."""

    def __init__(self, threads: int, cpus: set[int], epochs: int) -> None:
        os.sched_setaffinity(0, cpus)  # what is started from here inherits it
        self.threads = threads
        self.epochs = epochs
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        self.environment = {**os.environ, **dict.fromkeys(names, str(threads))}

    def run(self, command: Sequence[str], more: dict[str, str] | None = None) -> tuple[dict[str, Any], float]:
        """Return the JSON object that a command prints last, and the seconds it took."""
        environment = {**self.environment, **(more or {})}
        start = time.perf_counter()
        try:
            done = subprocess.run(
                command, check=False, capture_output=True, text=True, env=environment, timeout=TIME_LIMIT
            )
        except subprocess.TimeoutExpired as error:
            raise ProgramError(command, f"not done after {TIME_LIMIT} s") from error
        except OSError as error:
            raise ProgramError(command, str(error)) from error
        seconds = time.perf_counter() - start
        if done.returncode != 0:
            raise ProgramError(command, f"exit status {done.returncode}", done.stderr)
        try:
            return json.loads(done.stdout.splitlines()[-1]), seconds
        except (IndexError, json.JSONDecodeError) as error:
            raise ProgramError(command, "it printed no result", done.stderr) from error

    def measure(self, workload: Workload, python: str, command: str, more: dict[str, str]) -> dict[str, Any]:
        """Run a program of programs/ on a workload and return its figures; ``seconds`` is the one that counts.

        Training and inference repeat within the process. A start-up happens once in a process, so there
        the best of as many processes counts.
        """
        program, *options = command.split()
        start = [python, str(PROGRAMS / program)]
        if workload.sizes:
            network = [workload.sizes, str(workload.batch), str(workload.steps), f"--data={workload.data}"]
            repeat = [f"--epochs={self.epochs}", f"--threads={self.threads}"]
            return self.run([*start, *network, *repeat, *options], more)[0]
        runs = []
        for _ in range(self.epochs):
            figures, seconds = self.run([*start, *options], more)
            runs.append({"seconds": seconds, **figures})
        return min(runs, key=lambda figures: figures["seconds"])

    def lamina(self, workload: Workload) -> dict[str, Any]:
        return self.measure(workload, sys.executable, LAMINA[workload.kind], {})

    def core(self) -> dict[str, Any]:
        """Return what lamina's core is, and the GFLOP/s of float32 multiply-adds by its own loop."""
        code = (
            "import json; from lamina import _core; print(json.dumps({'isa': _core.isa(), "
            f"'build': _core.build_info(), 'peak': _core.fma_peak({self.threads})}}))"
        )
        return self.run([sys.executable, "-c", code])[0]

    def numpy_memory_mib(self) -> float:
        """Return the peak memory of a process that only imports NumPy."""
        code = "import numpy; print(open('/proc/self/status').read().partition('VmHWM:')[2].split()[0])"
        return self.run([sys.executable, "-c", code])[0] / 1024

    def versions(
        self, python: str, modules: str, more: dict[str, str] | None = None, check: str = ""
    ) -> dict[str, str]:
        """Import modules with an interpreter, run a check, and return the modules' versions."""
        names = ", ".join(modules.split())
        code = f"import json, {names}; {check or 'pass'}; "
        code += f"print(json.dumps({{m.__name__: m.__version__ for m in ({names},)}}))"
        return self.run([python, "-c", code], more)[0]


def summarise(pairs: Sequence[Pair]) -> dict[str, Any]:
    """Return the medians over the steady pairs, their number, and each pair as it was."""
    kept = [pair for pair in pairs if pair.steady]
    result: dict[str, Any] = {"pairs": len(kept), "runs": [asdict(pair) | {"kept": pair.steady} for pair in pairs]}
    if not kept:
        return result
    ratios = [pair.ratio for pair in kept]
    result |= {"median": statistics.median(ratios), "min": min(ratios), "max": max(ratios)}
    result["lamina_seconds"] = statistics.median(pair.lamina["seconds"] for pair in kept)
    result["rival_seconds"] = statistics.median(pair.rival["seconds"] for pair in kept)
    if "gflop_per_second" in kept[0].lamina:
        shares = [2 * pair.lamina["gflop_per_second"] / sum(pair.peaks) for pair in kept]
        result["share_of_peak"] = statistics.median(shares)
    return result


def compare(runner: Runner, workload: Workload, rival: Rival, python: str, wanted: int) -> dict[str, Any]:
    """Run pairs until enough were steady, or until too many were not."""
    pairs: list[Pair] = []
    before = runner.core()["peak"]
    while sum(pair.steady for pair in pairs) < wanted and len(pairs) < ATTEMPTS_PER_PAIR * wanted:
        ours = runner.lamina(workload)
        theirs = runner.measure(workload, python, rival.command, rival.environment)
        after = runner.core()["peak"]
        pair = Pair(ours, theirs, (before, after))
        pairs.append(pair)
        print(
            f"  {1e6 * ours['seconds']:12.2f} {1e6 * theirs['seconds']:12.2f} µs  ratio {pair.ratio:.3f}  "
            f"peak {before:.0f} -> {after:.0f} GFLOP/s{'' if pair.steady else '  discarded'}",
            flush=True,
        )
        before = after
    return summarise(pairs)


def alone(runner: Runner, workload: Workload) -> dict[str, Any]:
    """Return lamina's own figures, for where no rival is at hand, and its memory."""
    peak = runner.core()["peak"]
    result = runner.lamina(workload)
    if "gflop_per_second" in result:
        result["share_of_peak"] = result["gflop_per_second"] / peak
    if "data_mib" in result:
        over_numpy = result["peak_memory_mib"] - runner.numpy_memory_mib()
        result["memory_over_numpy_and_data_mib"] = over_numpy - result["data_mib"]
    return result
