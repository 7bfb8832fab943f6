"""Keras ``fit`` on the backend that KERAS_BACKEND names.

JAX takes its threads from the CPUs that the process may run on, so there ``--threads`` is the runner's
pinning.
"""

from __future__ import annotations

import keras

from workload import DROPOUT, Workload, load_data, parse_arguments, report, time_epochs


def set_threads(work: Workload) -> None:
    """Limit TensorFlow, where that is the backend, to the workload's threads."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow

        tensorflow.config.threading.set_intra_op_parallelism_threads(work.threads)


def build(work: Workload) -> keras.Sequential:
    """Return the workload's network."""
    model = keras.Sequential([keras.layers.Input((work.sizes[0],))])
    for units in work.sizes[1:-1]:
        model.add(keras.layers.Dense(units, activation="relu"))
        model.add(keras.layers.Dropout(DROPOUT))
    model.add(keras.layers.Dense(work.sizes[-1], activation=None if work.regression else "softmax"))
    return model


def main() -> None:
    work = parse_arguments(__doc__)
    set_threads(work)
    features, targets = load_data(work)
    x = features.astype("float32")
    one_hot = keras.utils.to_categorical
    y = targets.astype("float32") if work.regression else one_hot(targets, work.sizes[-1])
    model = build(work)
    model.compile(
        loss="mean_squared_error" if work.regression else "categorical_crossentropy",
        optimizer="adam",
        metrics=None if work.regression else ["accuracy"],
    )

    def epoch() -> None:
        model.fit(x, y, epochs=1, batch_size=work.batch, verbose=0)

    report(time_epochs(work, epoch), work.flop_per_step)


if __name__ == "__main__":
    main()
