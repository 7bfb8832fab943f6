"""scikit-learn's MLPClassifier or MLPRegressor, one epoch a call. It has no dropout: less work."""

from __future__ import annotations

from sklearn.neural_network import MLPClassifier, MLPRegressor

from workload import load_data, parse_arguments, report, time_epochs


def main() -> None:
    work = parse_arguments(__doc__)
    features, targets = load_data(work)
    x = features.astype("float32")
    y = targets.astype("float32") if work.regression else targets
    kind = MLPRegressor if work.regression else MLPClassifier
    # alpha is an L2 penalty that the other programs do not have
    model = kind(hidden_layer_sizes=work.sizes[1:-1], solver="adam", batch_size=work.batch, alpha=0.0)
    more = {} if work.regression else {"classes": range(work.sizes[-1])}
    report(time_epochs(work, lambda: model.partial_fit(x, y, **more)), work.flop_per_step)


if __name__ == "__main__":
    main()
