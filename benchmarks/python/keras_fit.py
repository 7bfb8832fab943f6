"""Keras ``fit`` on the backend that KERAS_BACKEND names (TensorFlow where it names none)."""

from __future__ import annotations

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras

from workload import DROPOUT, load_data, parse_arguments, report, time_epochs


def main() -> None:
    work = parse_arguments(__doc__)
    backend = keras.backend.backend()
    versions = {"keras": keras.__version__}
    if backend == "tensorflow":
        import tensorflow

        tensorflow.config.threading.set_intra_op_parallelism_threads(work.threads)
        versions["tensorflow"] = tensorflow.__version__

    features, targets = load_data(work)
    x = features.astype("float32")
    one_hot = keras.utils.to_categorical
    y = targets.astype("float32") if work.regression else one_hot(targets, work.sizes[-1])

    model = keras.Sequential([keras.layers.Input((work.sizes[0],))])
    for units in work.sizes[1:-1]:
        model.add(keras.layers.Dense(units, activation="relu"))
        model.add(keras.layers.Dropout(DROPOUT))
    model.add(keras.layers.Dense(work.sizes[-1], activation=None if work.regression else "softmax"))
    model.compile(
        loss="mean_squared_error" if work.regression else "categorical_crossentropy",
        optimizer="adam",
        metrics=None if work.regression else ["accuracy"],
    )

    def epoch() -> None:
        model.fit(x, y, epochs=1, batch_size=work.batch, verbose=0)

    seconds = time_epochs(work, epoch)
    report(work, seconds, versions, backend=backend)


if __name__ == "__main__":
    main()
