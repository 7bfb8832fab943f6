"""Renders a report as Markdown that is as easy to read in a terminal: one table, columns aligned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

HEADINGS = ("workload", "rival", "lamina", "rival takes", "lamina / rival (min to max)", "pairs", "of peak", "note")
RIGHT = {"lamina", "rival takes", "pairs", "of peak"}


def duration(seconds: float) -> str:
    """Return three digits and a unit: 53.2 µs."""
    scale, unit = (1.0, "s") if seconds >= 1 else (1e3, "ms") if seconds >= 1e-3 else (1e6, "µs")
    value = seconds * scale
    return f"{value:.{max(0, 3 - len(str(int(value))))}f} {unit}"


def align(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a Markdown table under ``HEADINGS``; the notes come last and may be long."""
    cells = [[cell.replace("|", "\\|") for cell in row] for row in (HEADINGS, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    widths[-1] = len(HEADINGS[-1])

    def line(row: Sequence[str]) -> str:
        padded = (
            cell.rjust(width) if heading in RIGHT else cell.ljust(width)
            for cell, width, heading in zip(row, widths, HEADINGS, strict=True)
        )
        return f"| {' | '.join(padded)} |"

    rule = [
        "-" * (width - 1) + (":" if heading in RIGHT else "-") for width, heading in zip(widths, HEADINGS, strict=True)
    ]
    return [line(cells[0]), line(rule), *map(line, cells[1:])]


def remarks(figures: dict[str, Any]) -> list[str]:
    """Return what a program reported besides its time and is worth a note."""
    forms = {
        "memory_over_numpy_and_data_mib": "memory over NumPy and data: {:.0f} MiB",
        "installed_mib": "installed: {:.0f} MiB",
        "accuracy": "accuracy {:.2f}",
    }
    return [form.format(figures[name]) for name, form in forms.items() if name in figures]


def percentage(figures: dict[str, Any]) -> str:
    return f"{figures['share_of_peak']:.0%}" if "share_of_peak" in figures else ""


def alone_row(name: str, own: dict[str, Any]) -> list[str]:
    """Return the row of lamina without a rival, or that of a workload that could not be run at all."""
    if "problem" in own:
        return [name, "(all)", "", "", "", "", "", own["problem"]]
    return [name, "(lamina alone)", duration(own["seconds"]), "", "", "", percentage(own), ", ".join(remarks(own))]


def rival_row(name: str, result: dict[str, Any], wanted: int) -> list[str]:
    """Return the row of a rival: its figures, or why it has none."""
    if "problem" in result:
        return [name, result["rival"], "", "", "", "", "", result["problem"]]
    run, kept = len(result["runs"]), result["pairs"]
    pairs = f"{kept} of {run}"
    notes = remarks(result["runs"][0]["rival"])
    if kept < wanted:
        notes.append(f"unsteady machine: the peak moved during {run - kept} of {run} pairs")
    figures = ["", "", ""]
    if kept:
        figures = [
            duration(result["lamina_seconds"]),
            duration(result["rival_seconds"]),
            f"{result['median']:.3g} ({result['min']:.3g} to {result['max']:.3g})",
        ]
    return [name, result["rival"], *figures, pairs, percentage(result), ", ".join(notes)]


def peaks(report: dict[str, Any]) -> str:
    """Return the range of the peaks measured: the wider, the busier the machine."""
    results = [result for item in report["workloads"] for result in item["rivals"]]
    found = [peak for result in results for run in result.get("runs", ()) for peak in run["peaks"]]
    found.append(report["machine"]["peak"])
    return f"multiply-add peak {min(found):.0f} to {max(found):.0f} GFLOP/s"


def to_markdown(report: dict[str, Any]) -> str:
    """Render a report: the machine, the table, what its workloads are, versions."""
    machine = report["machine"]
    cpus = ", ".join(map(str, machine["cpus"]))
    place = (
        f"{report['date']}, {machine['cpu']} with {machine['isa']}, {machine['threads']} threads on CPUs {cpus}, "
        f"{machine['system']}, Python {machine['python']}; {peaks(report)}"
    )
    rows = []
    legend = []
    for item in report["workloads"]:
        legend.append(f"- {item['name']}: {item['title']}")
        rows.append(alone_row(item["name"], item["alone"]))
        rows += [rival_row(item["name"], result, report["pairs"]) for result in item["rivals"]]
    versions = ", ".join(f"{name} {' and '.join(found)}" for name, found in sorted(report["versions"].items()))
    return "\n".join([place, "", *align(rows), "", *legend, "", f"Versions: {versions}.", ""])
