"""scikit-learn's ``predict_proba``, without its checks of the input for NaN."""

from __future__ import annotations

import numpy as np
import sklearn
from sklearn.neural_network import MLPClassifier

from workload import parse_arguments, random_rows, report, time_calls


def main() -> None:
    work = parse_arguments(__doc__)
    classes = np.arange(work.sizes[-1])
    model = MLPClassifier(hidden_layer_sizes=work.sizes[1:-1], batch_size=len(classes))
    model.partial_fit(random_rows(work, len(classes)), classes, classes=classes)  # makes the weights
    x = random_rows(work, work.batch)
    with sklearn.config_context(assume_finite=True):
        report(time_calls(work, lambda: model.predict_proba(x)), work.flop_per_call)


if __name__ == "__main__":
    main()
