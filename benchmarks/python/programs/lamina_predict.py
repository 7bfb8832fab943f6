"""lamina's ``predict``, NumPy array in, NumPy array out."""

from __future__ import annotations

import lamina
from lamina_fit import build
from workload import parse_arguments, random_rows, report, time_calls


def main() -> None:
    work = parse_arguments(__doc__)
    lamina.config.set_num_threads(work.threads)
    model = build(work)
    x = random_rows(work, work.batch)
    report(time_calls(work, lambda: model.predict(x)), work.flop_per_call)


if __name__ == "__main__":
    main()
