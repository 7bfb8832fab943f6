"""Keras ``predict`` on the backend that KERAS_BACKEND names; all rows are one batch."""

from __future__ import annotations

from keras_fit import build, set_threads
from workload import parse_arguments, random_rows, report, time_calls


def main() -> None:
    work = parse_arguments(__doc__)
    set_threads(work)
    model = build(work)
    x = random_rows(work, work.batch)
    seconds = time_calls(work, lambda: model.predict(x, batch_size=work.batch, verbose=0))
    report(seconds, work.flop_per_call)


if __name__ == "__main__":
    main()
