"""Train the same networks with lamina and with its rivals, in turn, and report the paired ratios.

    LAMINA_DATA=... python benchmarks/python/compare.py --jax-python /path/to/jax/bin/python

Each program is a process of its own, pinned to the same CPUs. A pair is lamina, then the rival; the
machine's multiply-add peak is measured before and after it, and a pair during which the peak moved by
more than 5 % is discarded. The figure of a rival is the median of its kept pairs' ratios, lamina's time
over the rival's: below 1, lamina is faster. A rival whose interpreter is not named, or cannot import
it, is reported as missing.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PEAK_TOLERANCE = 0.05
ATTEMPTS_PER_PAIR = 4


@dataclass(frozen=True)
class Rival:
    title: str
    program: str
    modules: str


@dataclass(frozen=True)
class Network:
    sizes: str
    batch: int
    steps: int

    @property
    def title(self) -> str:
        return f"{self.sizes.replace(',', '-')}, batch {self.batch}"


RIVALS = {
    "jax": Rival("JAX, lax.scan over the epoch", "jax_scan.py", "jax, optax"),
    "torch": Rival("PyTorch, eager, fused Adam", "torch_eager.py", "torch"),
    "keras": Rival("Keras, fit", "keras_fit.py", "keras"),
    "sklearn": Rival("scikit-learn, MLP (no dropout)", "sklearn_fit.py", "sklearn"),
}
# Those with 784 features read MNIST through LAMINA_DATA, the others draw random rows.
NETWORKS = {
    "mnist-10": Network("784,128,64,10", 10, 6000),
    "mnist-128": Network("784,128,64,10", 128, 468),
    "mnist-1024": Network("784,128,64,10", 1024, 58),
    "circle": Network("2,128,64,2", 10, 2000),
    "housing": Network("38,38,128,64,1", 10, 2000),
    "wide-64": Network("784,512,512,10", 64, 200),
    "wide-256": Network("784,1024,1024,10", 256, 50),
}


class Runner:
    """Starts programs pinned to the chosen CPUs and reads the one line each prints."""

    def __init__(self, threads: int, cpus: set[int], epochs: int) -> None:
        os.sched_setaffinity(0, cpus)  # what is started from here inherits it
        self.threads = threads
        self.epochs = epochs
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        self.environment = {**os.environ, **dict.fromkeys(names, str(threads))}

    def output(self, *command: str) -> str:
        done = subprocess.run(command, check=False, capture_output=True, text=True, env=self.environment)
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(command)}\nfailed:\n{done.stderr[-3000:]}")
        return done.stdout.strip().splitlines()[-1]

    def program(self, python: str, name: str, network: Network) -> dict[str, Any]:
        return json.loads(
            self.output(
                python,
                str(HERE / name),
                network.sizes,
                str(network.batch),
                str(network.steps),
                f"--epochs={self.epochs}",
                f"--threads={self.threads}",
            )
        )

    def lamina(self, network: Network) -> dict[str, Any]:
        return self.program(sys.executable, "lamina_fit.py", network)

    def fma_peak(self) -> float:
        """GFLOP/s of float32 multiply-adds, by lamina's own loop."""
        code = f"from lamina import _core; print(_core.fma_peak({self.threads}))"
        return float(self.output(sys.executable, "-c", code))

    def numpy_memory_mib(self) -> float:
        """Peak memory of a process that only imports NumPy."""
        code = "import numpy; print(open('/proc/self/status').read().partition('VmHWM:')[2].split()[0])"
        return float(self.output(sys.executable, "-c", code)) / 1024


def compare(runner: Runner, network: Network, rival: Rival, python: str, pairs: int) -> dict[str, Any]:
    """Run pairs until enough were kept, or until too many moved with the machine."""
    runs: list[dict[str, Any]] = []
    kept: list[float] = []
    before = runner.fma_peak()
    while len(kept) < pairs and len(runs) < ATTEMPTS_PER_PAIR * pairs:
        ours = runner.lamina(network)
        theirs = runner.program(python, rival.program, network)
        after = runner.fma_peak()
        steady = abs(after / before - 1) <= PEAK_TOLERANCE
        ratio = ours["us_per_step"] / theirs["us_per_step"]
        runs.append({"lamina": ours, "rival": theirs, "ratio": ratio, "peaks": [before, after], "kept": steady})
        if steady:
            kept.append(ratio)
        print(
            f"  {ours['us_per_step']:10.2f} {theirs['us_per_step']:10.2f} us/step  ratio {ratio:.3f}  "
            f"peak {before:.0f} -> {after:.0f} GFLOP/s{'' if steady else '  discarded'}",
            flush=True,
        )
        before = after
    result: dict[str, Any] = {"rival": rival.title, "runs": runs, "pairs": len(kept)}
    if kept:
        steady_runs = [run for run in runs if run["kept"]]
        for who in ("lamina", "rival"):
            figures = [run[who]["us_per_step"] for run in steady_runs]
            result[f"{who}_us_per_step"] = statistics.median(figures)
        result["share_of_peak"] = statistics.median(
            2 * run["lamina"]["gflop_per_second"] / sum(run["peaks"]) for run in steady_runs
        )
        result |= {"median": statistics.median(kept), "min": min(kept), "max": max(kept)}
    return result


def alone(runner: Runner, network: Network) -> dict[str, Any]:
    """Lamina's own figures, for where no rival is at hand, and its memory."""
    peak = runner.fma_peak()
    figures = runner.lamina(network)
    over_numpy = figures["peak_memory_mib"] - runner.numpy_memory_mib()
    return {
        "figures": figures,
        "fma_peak": peak,
        "share_of_peak": figures["gflop_per_second"] / peak,
        "memory_over_numpy_mib": over_numpy,
        "memory_over_numpy_and_data_mib": over_numpy - figures["data_mib"],
    }


def missing(python: str | None, rival: Rival) -> str | None:
    """Return why a rival cannot run, or None."""
    if not python:
        return "no interpreter given"
    try:
        subprocess.run([python, "-c", f"import {rival.modules}"], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return f"{python} cannot import {rival.modules}"
    return None


def describe_machine(threads: int, cpus: set[int]) -> dict[str, Any]:
    model = platform.processor()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return {
        "cpu": model,
        "cpus": sorted(cpus),
        "threads": threads,
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def to_markdown(report: dict[str, Any]) -> str:
    """Render a report as a heading of facts and one table."""
    machine = report["machine"]
    place = (
        f"{report['date']}, {machine['cpu']}, {machine['threads']} threads on CPUs "
        f"{', '.join(map(str, machine['cpus']))}, {machine['system']}, Python {machine['python']}"
    )
    lines = [
        place,
        "",
        "| network | rival | lamina µs/step | rival µs/step | ratio: median (min to max) | pairs | of peak |",
        "| --- | --- | ---: | ---: | --- | ---: | ---: |",
    ]
    facts = []
    for item in report["networks"]:
        own = item["alone"]
        facts.append(
            f"{item['title']}: alone {own['figures']['us_per_step']:.2f} µs/step with {own['figures']['isa']}, "
            f"{own['share_of_peak']:.0%} of {own['fma_peak']:.0f} GFLOP/s; peak memory "
            f"{own['memory_over_numpy_mib']:.0f} MiB over NumPy, {own['figures']['data_mib']:.0f} MiB of it data"
        )
        for result in item["rivals"]:
            row = [item["title"], result["rival"]]
            if "median" in result:
                row += [
                    f"{result['lamina_us_per_step']:.2f}",
                    f"{result['rival_us_per_step']:.2f}",
                    f"{result['median']:.3f} ({result['min']:.3f} to {result['max']:.3f})",
                    str(result["pairs"]),
                    f"{result['share_of_peak']:.0%}",
                ]
            else:
                row += ["", "", result.get("missing", "no pair was steady"), "0", ""]
            lines.append(f"| {' | '.join(row)} |")
    versions = ", ".join(f"{name} {version}" for name, version in sorted(report["versions"].items()))
    return "\n".join([*lines, "", *(f"- {fact}" for fact in facts), "", f"Versions: {versions}.", ""])


def collect_versions(networks: list[dict[str, Any]]) -> dict[str, str]:
    """Gather what every program said it ran; each rival may have a NumPy of its own."""
    versions: dict[str, str] = {}
    for item in networks:
        versions |= item["alone"]["figures"]["versions"]
        for result in item["rivals"]:
            for run in result.get("runs", []):
                versions |= {k: v for k, v in run["rival"]["versions"].items() if k != "numpy"}
    return versions


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", action="append", choices=NETWORKS, help="repeatable; mnist-10")
    parser.add_argument("--rival", action="append", choices=RIVALS, help="repeatable; all")
    for name in RIVALS:
        variable = f"LAMINA_{name.upper()}_PYTHON"
        parser.add_argument(f"--{name}-python", default=os.environ.get(variable), help=f"its interpreter; {variable}")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=3, help="timed epochs in a run; the best counts")
    parser.add_argument("--steps", type=int, help="steps in an epoch, in place of the network's own")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--cpus", help="comma list; the first ones this process may use")
    parser.add_argument("--output", type=Path, help="write OUTPUT.json and OUTPUT.md")
    return parser.parse_args()


def main() -> None:
    given = parse_arguments()
    allowed = sorted(os.sched_getaffinity(0))
    cpus = {int(cpu) for cpu in given.cpus.split(",")} if given.cpus else set(allowed[: given.threads])
    runner = Runner(given.threads, cpus, given.epochs)
    interpreters = {name: getattr(given, f"{name}_python") for name in given.rival or RIVALS}
    lacking = {name: missing(python, RIVALS[name]) for name, python in interpreters.items()}

    networks = []
    for name in given.network or ["mnist-10"]:
        network = NETWORKS[name]
        if given.steps:
            network = Network(network.sizes, network.batch, given.steps)
        item: dict[str, Any] = {"title": network.title, "steps": network.steps, "rivals": []}
        item["alone"] = alone(runner, network)
        for rival_name, python in interpreters.items():
            rival = RIVALS[rival_name]
            why = lacking[rival_name]
            print(f"{network.title}: {rival.title}{f': missing ({why})' if why else ''}", flush=True)
            if why:
                item["rivals"].append({"rival": rival.title, "missing": f"missing: {why}"})
            else:
                item["rivals"].append(compare(runner, network, rival, python, given.pairs))
        networks.append(item)

    report = {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "machine": describe_machine(given.threads, cpus),
        "versions": collect_versions(networks),
        "networks": networks,
    }
    markdown = to_markdown(report)
    print("\n" + markdown)
    if given.output:
        given.output.with_suffix(".json").write_text(json.dumps(report, indent=1) + "\n")
        given.output.with_suffix(".md").write_text(markdown)


if __name__ == "__main__":
    main()
