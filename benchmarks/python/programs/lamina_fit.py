"""lamina's ``fit``, as a user calls it: one call an epoch, accuracy counted, raw rows as given."""

from __future__ import annotations

import lamina
from lamina.layers import Dense, Dropout
from lamina.models import Sequential
from lamina.utils import to_categorical
from workload import DROPOUT, Workload, load_data, parse_arguments, report, time_epochs


def build(work: Workload) -> Sequential:
    """Return the workload's network."""
    model = Sequential()
    first = {"input_shape": (work.sizes[0],)}
    for units in work.sizes[1:-1]:
        model.add(Dense(units, activation="relu", **first))
        model.add(Dropout(DROPOUT))
        first = {}
    model.add(Dense(work.sizes[-1], activation=None if work.regression else "softmax", **first))
    return model


def main() -> None:
    work = parse_arguments(__doc__)
    lamina.config.set_num_threads(work.threads)
    x, targets = load_data(work)
    y = targets.astype("float32") if work.regression else to_categorical(targets, work.sizes[-1])
    model = build(work)
    model.compile(
        loss="mean_squared_error" if work.regression else "categorical_crossentropy",
        optimizer="adam",
        metrics=None if work.regression else ["accuracy"],
    )

    def epoch() -> None:
        model.fit(x, y, epochs=1, batch_size=work.batch, verbose=0)

    report(time_epochs(work, epoch), work.flop_per_step, data_mib=(x.nbytes + y.nbytes) / 2**20)


if __name__ == "__main__":
    main()
