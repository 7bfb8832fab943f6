"""Pictures: what is drawn is what the model says, every function takes axes and returns them, wrong calls are named."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import reference
from lamina import datasets, plot
from lamina.activations import known
from lamina.callbacks import History
from lamina.layers import Activation, Dense, Dropout, Flatten, LeakyReLU, PReLU
from lamina.models import Sequential
from lamina.plot import _canvas, _masks

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
pyplot = pytest.importorskip("matplotlib.pyplot")

pytestmark = pytest.mark.known_paths
X, Y = datasets.aliens()
IMAGES = np.arange(6 * 16.0).reshape(6, 4, 4)


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    pyplot.close("all")


def net(*layers: Any, features: int = 2) -> Sequential:
    model = Sequential(list(layers))
    model.build((None, features))
    return model


def by_hand() -> Sequential:
    """The AND of the chapter's two lines, with sigmoids."""
    model = net(Dense(2, "sigmoid"), Dense(1, "sigmoid"))
    model.set_weights([[[6, 10], [10, 6]], [-15, -15], [[1], [1]], [-1.5]])
    return model


def trained() -> History:
    history = History()
    history.epoch = [0, 1]
    history.history = {"loss": [1.0, 0.5], "accuracy": [0.5, 0.75], "val_loss": [1.5, 1.0]}
    return history


CALLS = {
    "boundary": lambda **k: plot.boundary(by_hand(), X, Y, **k),
    "probability": lambda **k: plot.boundary(by_hand(), X, Y, surface="probability", **k),
    "neurons": lambda **k: plot.neurons(by_hand(), X, Y, **k),
    "network": lambda **k: plot.network(by_hand(), **k),
    "history": lambda **k: plot.history(trained(), **k),
    "digits": lambda **k: plot.digits(IMAGES, range(6), [0, 1, 2, 3, 4, 0], **k),
    "confusion": lambda **k: plot.confusion([0, 1, 1], [0, 1, 0], **k),
    "residuals": lambda **k: plot.residuals([1.0, 2.0], [1.5, 2.5], **k),
    "weights": lambda **k: plot.weights(by_hand().layers[0], **k),
    "images": lambda **k: plot.weights(net(Dense(3), features=16).layers[0], shape=(4, 4), **k),
    "activation": lambda **k: plot.activation("relu", **k),
}


def test_every_function_is_called_here() -> None:
    assert {*plot.__all__} <= {*CALLS}


@pytest.mark.parametrize("name", CALLS)
def test_axes_are_taken_and_returned(name: str, tmp_path: Any) -> None:
    """Those given, or new ones; both can be written to a file."""
    _, (left, right) = pyplot.subplots(1, 2, layout="constrained")
    assert CALLS[name](ax=right) is right
    assert not left.has_data()
    ax = CALLS[name]()
    assert ax.figure is not right.figure
    ax.figure.savefig(tmp_path / "picture.png")
    right.figure.savefig(tmp_path / "picture.svg")
    with pytest.raises(TypeError, match=r"\(ax=\[.*one matplotlib Axes"):
        CALLS[name](ax=[left, right])


def test_nothing_is_imported_before_it_is_needed() -> None:
    """Neither lamina nor lamina.plot loads matplotlib, and without it the error says what to install."""
    code = """
import sys
import lamina
assert "lamina.plot" not in sys.modules
import lamina.plot
assert not any(name.split(".")[0] == "matplotlib" for name in sys.modules)
sys.modules["matplotlib"] = None
lamina.plot.activation("relu")
"""
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert "ImportError: activation() needs matplotlib: pip install 'lamina[plot]'" in done.stderr


def texts(ax: Any) -> list[str]:
    return [text.get_text() for text in ax.texts]


def legend(ax: Any) -> list[str]:
    return [text.get_text() for text in ax.get_legend().get_texts()]


# --- boundary and neurons ---------------------------------------------------------------------------------------------


class Rule:
    """Not of this package: x_1 > x_2, said in one way or another."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def predict(self, x: np.ndarray) -> Any:
        second = x[:, 0] > x[:, 1]
        return {
            "labels": second.astype(int),
            "strings": np.where(second, "warm", "cold"),
            "number": (x[:, 0] - x[:, 1] + 0.5),
            "column": (x[:, 0] - x[:, 1] + 0.5)[:, None],
            "two": np.stack([~second, second], axis=1).astype(float),
            "three": np.stack([x[:, 0], x[:, 1], -x[:, 0]], axis=1),
            "nonsense": x[:3],
            "nan": np.full(len(x), np.nan),
        }[self.kind]


@pytest.mark.parametrize("kind", ["labels", "number", "column", "two", "three"])
def test_boundary_of_any_predict(kind: str) -> None:
    """The colours of the plane are the classes of the rule."""
    ax = plot.boundary(Rule(kind), [[0, 1], [1, 0]], [0, 1], margin=0.5)
    places = np.asarray(ax.collections[0].get_array()).reshape(241, 241)
    assert places[0, -1] == (0 if kind == "three" else 1)  # right, below
    assert places[-1, 0] == (1 if kind == "three" else 0)
    assert legend(ax)[:2] == ["class 0", "class 1"]


def test_boundary_of_strings_and_names() -> None:
    assert legend(plot.boundary(Rule("strings"), [[0, 1], [1, 0]], ["cold", "warm"])) == ["cold", "warm"]
    assert legend(plot.boundary(by_hand(), X, Y, names=["sad", "happy"])) == ["sad", "happy"]
    assert plot.boundary(by_hand(), X, Y, legend=False).get_legend() is None


def test_the_line_is_where_the_model_changes_its_mind() -> None:
    model = net(Dense(1, "sigmoid"))
    model.set_weights([[[10], [6]], [-15]])
    for surface in ("classes", "probability"):
        ax = plot.boundary(model, X, Y, surface=surface)
        line = np.concatenate(ax.collections[1].get_paths()[0].to_polygons(closed_only=False))
        assert np.abs(line @ [10, 6] - 15).max() < 1e-3


def test_a_regression_has_a_bar_of_its_own_range() -> None:
    """One point is enough for a plane."""
    model = net(Dense(1))
    model.set_weights([[[1], [0]], [0]])
    ax = plot.boundary(model, [[3.0, 3.0]], [1], surface="probability", margin=0.0)
    assert ax.collections[0].get_clim() == pytest.approx((2.0, 4.0))


def test_neurons_are_those_of_each_layer() -> None:
    """Each unit's colours are what its layer gives, and the model is as before."""
    model = net(Dense(3, "relu"), Dropout(0.5), Dense(2), LeakyReLU(), PReLU(), Dense(2, "softmax"))
    before = model.get_weights()
    ax = plot.neurons(model, X, Y, most=2)
    assert texts(ax) == [
        "layer 1: 3 units, relu (the first 2)",
        "layer 2: 2 units, leaky_relu",
        "layer 3: 2 units, softmax",
    ]
    assert len(ax.child_axes) == 6
    drawn = np.asarray(ax.child_axes[5].collections[0].get_array()).ravel()
    across = np.linspace(-0.3, 2.3, 241)
    grid = np.stack(np.meshgrid(across, across), axis=-1).reshape(-1, 2)
    np.testing.assert_allclose(drawn, model.predict(grid)[:, 1], atol=1e-5)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(X, Y, verbose=0)


def test_neurons_of_a_model_in_a_model() -> None:
    inner = Sequential([Dense(3, "tanh")])
    assert len(plot.neurons(net(inner, Activation("relu"), Dense(1)), X, Y).child_axes) == 4


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: plot.boundary(by_hand(), np.zeros((4, 3)), [0] * 4), r"boundary\(x=.*two features, x has 3"),
        (lambda: plot.boundary(by_hand(), np.zeros(4), [0] * 4), r"boundary\(x="),
        (lambda: plot.boundary(by_hand(), [[0, np.nan]], [0]), "boundary: x.*nan"),
        (lambda: plot.boundary(by_hand(), X, Y[:3]), r"boundary\(y=.*3 of them for 8"),
        (lambda: plot.boundary(by_hand(), X, Y + 0.5), r"boundary\(y=.*0\.5.* is no class"),
        (lambda: plot.boundary(by_hand(), X, Y - 1), r"boundary\(y=.*-1 is no class"),
        (lambda: plot.boundary(by_hand(), X, ["a"] * 8), r"boundary\(y=.*classes of one kind"),
        (lambda: plot.boundary(by_hand(), X, object()), r"boundary\(y="),
        (lambda: plot.boundary(by_hand(), X, np.arange(8)), "at most 6 classes"),
        (lambda: plot.boundary(by_hand(), X, np.full(8, 2**60)), "at most 6 classes"),
        (lambda: plot.boundary(object(), X, Y), r"boundary\(model=.*method predict"),
        (lambda: plot.boundary(Rule("nonsense"), X, Y), r"boundary\(model=.*of shape \(3, 2\)"),
        (lambda: plot.boundary(Rule("nan"), X, Y), "not finite"),
        (lambda: plot.boundary(Rule("three"), X, Y, surface="probability"), "one or two numbers"),
        (lambda: plot.boundary(by_hand(), X, Y, surface="probabilities"), "Did you mean 'probability'"),
        (lambda: plot.boundary(by_hand(), X, Y, margin=-1), r"boundary\(margin=-1\)"),
        (lambda: plot.boundary(by_hand(), X, Y, threshold=None), r"boundary\(threshold=None\)"),
        (lambda: plot.boundary(by_hand(), X, Y, names="ab"), r"boundary\(names='ab'\).*2 names"),
        (lambda: plot.neurons(by_hand(), np.zeros((4, 3)), [0] * 4), r"neurons\(x=.*two features"),
        (lambda: plot.neurons(net(Dense(2), features=3), X, Y), r"neurons\(model=.*\(3,\), not of two"),
        (lambda: plot.neurons(Rule("two"), X, Y), r"neurons\(model=.*Sequential"),
        (lambda: plot.neurons(Sequential([Dense(2)]), X, Y), "not built"),
        (lambda: plot.neurons(net(Activation("relu")), X, Y), "none of its layers is a Dense"),
        (lambda: plot.neurons(by_hand(), X, Y, most=0), r"neurons\(most=0\)"),
        (lambda: plot.network(Rule("two")), r"network\(model=.*Sequential"),
        (lambda: plot.network(Sequential()), "not built"),
        (lambda: plot.network(by_hand(), step=-1), r"network\(step=-1\)"),
        (lambda: plot.network(by_hand(), row=0.5), r"network\(row=0.5\)"),
        (lambda: plot.network(by_hand(), most=1), r"network\(most=1\)"),
        (lambda: plot.network(by_hand(), weights=[1]), r"network\(weights=\.\.\.\)"),
        (lambda: plot.network(by_hand(), weights=3), r"network\(weights=\.\.\.\)"),
        (lambda: plot.network(by_hand(), features=["a"]), r"network\(features=.*2 names"),
        (lambda: plot.network(by_hand(), signs="ab"), r"network\(signs="),
        (lambda: plot.history(History()), r"history\(history=.*no epoch was trained"),
        (lambda: plot.history({}), "no epoch was trained"),
        (lambda: plot.history({"loss": []}), "no epoch was trained"),
        (lambda: plot.history({"a": trained(), "b": History()}), "b is empty"),
        (lambda: plot.history({"a": trained(), "b": 3}), "'b' is 3"),
        (lambda: plot.history({"loss": ["x"]}), "a number an epoch"),
        (lambda: plot.history([1.0, 2.0]), r"history\(history=\[1.0"),
        (lambda: plot.history(trained(), key="acuracy"), "Did you mean 'accuracy'"),
        (lambda: plot.history(trained(), key=3), r"history\(key=3\)"),
        (lambda: plot.digits(np.zeros((2, 15))), r"digits\(images="),
        (lambda: plot.digits(np.zeros((0, 4, 4))), r"digits\(images="),
        (lambda: plot.digits(np.zeros((500, 2, 2))), "500 images are too many"),
        (lambda: plot.digits(IMAGES, [1, 2]), r"digits\(labels=.*2 of them for 6"),
        (lambda: plot.digits(IMAGES, None, [0] * 6), "give labels too"),
        (lambda: plot.confusion([], []), r"confusion\(y_true="),
        (lambda: plot.confusion([0, 1], [0]), r"confusion\(y_pred="),
        (lambda: plot.confusion(["a"], [0]), r"confusion\(y_pred="),
        (lambda: plot.confusion(np.arange(41), np.arange(41)), "at most 40"),
        (lambda: plot.confusion([0, 1], [0, 1], names=["a"]), "2 names"),
        (lambda: plot.residuals([1.0], [1.0, 2.0]), r"residuals\(y_pred="),
        (lambda: plot.residuals([[1.0, 2.0]], [1.0]), r"residuals\(y_true="),
        (lambda: plot.residuals([np.inf], [1.0]), "residuals: y_true"),
        (lambda: plot.weights(Dropout(0.5)), r"weights\(layer="),
        (lambda: plot.weights(Dense(3)), "has no weights"),
        (lambda: plot.weights(by_hand().layers[0], shape=(2, 2)), "2 inputs, not 4"),
        (lambda: plot.weights(by_hand().layers[0], shape=4), r"weights\(shape=4\)"),
        (lambda: plot.activation("rely"), "Did you mean 'relu'"),
        (lambda: plot.activation("relu", low=2, high=1), r"activation\(high=1\)"),
    ],
)
def test_wrong_calls_are_named(call: Any, message: str) -> None:
    """Before a figure is made."""
    with pytest.raises((TypeError, ValueError), match=message):
        call()
    assert not pyplot.get_fignums()


# --- network ----------------------------------------------------------------------------------------------------------


def edges(ax: Any) -> list[tuple[float, str]]:
    """Return the width and the colour of each edge."""
    return [(line.get_linewidth(), line.get_color()) for line in ax.lines]


def test_edges_are_weights() -> None:
    """Six kernel weights and three biases; the widest of each layer, a colour by sign, all numbers."""
    ax = plot.network(by_hand(), features=["aack", "beep"])
    drawn = edges(ax)
    assert len(drawn) == 9
    assert [colour for _, colour in drawn].count(_canvas.NEGATIVE) == 3
    assert sorted(width for width, _ in drawn)[-3:] == [3.0, 3.0, 3.0]  # -15 twice, -1.5
    assert {"aack", "beep", "6", "10", "\N{MINUS SIGN}15", "\N{MINUS SIGN}1.5", "2 units\nsigmoid"} <= {*texts(ax)}
    assert legend(ax) == ["positive weight", "negative weight", "bias"]


def test_other_numbers_in_the_place_of_weights() -> None:
    model = net(Dense(1, use_bias=False))
    ax = plot.network(model, weights=[[[0.25], [-0.5]]], signs=("grew", "shrank"))
    assert {"0.25", "\N{MINUS SIGN}0.5"} <= {*texts(ax)}
    assert legend(ax) == ["grew", "shrank"]


def test_large_layers_are_abbreviated() -> None:
    ax = plot.network(net(Dense(128), Dense(1)), most=6)
    assert len(edges(ax)) == 3 * 6 + 7
    assert "\N{VERTICAL ELLIPSIS}" in texts(ax)
    assert "128 units\nlinear" in texts(ax)


def test_a_kernel_of_zeros_can_be_drawn() -> None:
    plot.network(net(Dense(2, kernel_initializer="zeros")))


def test_samples_of_several_axes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"shape \(3, 2\); only rows.*Flatten"):
        plot.network(Sequential([Dense(2, input_shape=(3, 2))]))
    plot.network(Sequential([Flatten(input_shape=(3, 2)), Dense(2)]))


def test_dropped_units_are_those_of_training() -> None:
    """The masks are the reference's, and the gradient of the step that fit takes next is 0 exactly there."""
    model = net(Dense(6, "sigmoid"), Dropout(0.5, seed=3), Dense(5, "tanh"), Dropout(0.25, seed=4), Dense(1))
    for step, row in ((0, 0), (7, 0), (7, 3)):
        first = _masks.kept(model.layers[1], 2, 6, step, row)
        np.testing.assert_array_equal(first, reference.dropout_mask(3, 2, step, row + 1, 6, 0.5)[row])
        second = _masks.kept(model.layers[3], 5, 5, step, row)
        np.testing.assert_array_equal(second, reference.dropout_mask(4, 5, step, row + 1, 5, 0.25)[row])
    model.compile("sgd", "mse")
    for step in range(3):
        _, gradients = model.gradients(X[:1], [3.0], training=True)
        kept = [int((gradients[place] != 0).any(axis=1).sum()) for place in (2, 4)]
        ax = plot.network(model, step=step)
        crosses = sum(line.get_paths()[0].vertices.shape[0] == 4 for line in ax.collections)
        assert crosses == 11 - sum(kept)
        assert len(edges(ax)) == 3 * kept[0] + (kept[0] + 1) * kept[1] + kept[1] + 1
        assert legend(ax)[-1] == "dropped in this step"
        model.train_on_batch(X[:1], [3.0])


# --- curves and tables ------------------------------------------------------------------------------------------------


def test_history_draws_training_and_validation() -> None:
    ax = plot.history(trained())
    assert [list(line.get_ydata()) for line in ax.lines] == [[1.0, 0.5], [1.5, 1.0]]
    assert list(ax.lines[0].get_xdata()) == [1, 2]
    assert legend(ax) == ["training", "validation"]
    ax = plot.history({"a": trained(), "b": trained().history}, key="accuracy", log=True)
    assert legend(ax) == ["a", "b"]
    assert ax.get_yscale() == "log"
    assert legend(plot.history({"a": trained(), "b": {"loss": [1]}})) == ["a", "a, validation", "b"]


def test_digits_show_what_was_read_wrong() -> None:
    ax = CALLS["digits"]()
    titles = [inside.title for inside in ax.child_axes]
    arrow = "\N{RIGHTWARDS ARROW}"
    assert [title.get_text() for title in titles] == [f"{a} {arrow} {a}" for a in range(5)] + [f"5 {arrow} 0"]
    assert [title.get_color() == _canvas.NEGATIVE for title in titles] == [False] * 5 + [True]
    np.testing.assert_array_equal(ax.child_axes[2].images[0].get_array(), IMAGES[2])
    plot.digits(IMAGES.reshape(6, 16).astype(np.uint8), np.eye(6), np.eye(6))


def test_confusion_counts() -> None:
    ax = plot.confusion([0, 0, 1, 1, 1, 4], [0, 1, 1, 1, 0, 4], names=["a", "b", "c"])
    assert {(text.get_position(), text.get_text()) for text in ax.texts} == {
        ((0, 0), "1"),
        ((1, 0), "1"),
        ((0, 1), "1"),
        ((1, 1), "2"),
        ((2, 2), "1"),
    }
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b", "c"]


def test_residuals_are_truth_less_prediction() -> None:
    ax = plot.residuals([1.0, 2.0], [[1.5], [1.0]], unit="m")
    np.testing.assert_allclose(ax.collections[0].get_offsets(), [[1.5, -0.5], [1.0, 1.0]])
    assert legend(ax)[0] == "RMSE: 0.7906"
    assert ax.get_xlabel() == "prediction [m]"


def test_weights_are_the_kernel() -> None:
    layer = by_hand().layers[0]
    np.testing.assert_array_equal(plot.weights(layer).images[0].get_array(), layer.get_weights()[0])
    layer = net(Dense(3), features=16).layers[0]
    small = plot.weights(layer, shape=(4, 4), most=2).child_axes
    assert len(small) == 2
    np.testing.assert_array_equal(small[1].images[0].get_array(), layer.get_weights()[0][:, 1].reshape(4, 4))


@pytest.mark.parametrize("name", known())
def test_activations_and_their_derivatives(name: str) -> None:
    """The area below the derivative is the function."""
    ax = plot.activation(name)
    values, slopes = (np.asarray(line.get_ydata()) for line in ax.lines[2:4])
    if name == "step":
        assert set(values[~np.isnan(values)]) == {0.0, 1.0}
        return
    z = np.asarray(ax.lines[2].get_xdata())
    area = np.concatenate([[0.0], np.cumsum((slopes[1:] + slopes[:-1]) / 2 * np.diff(z))])
    np.testing.assert_allclose(area, values - values[0], atol=1e-2, rtol=1e-3)


# --- odd values -------------------------------------------------------------------------------------------------------


class Hostile:
    """Has no length, no truth and no representation."""

    def __repr__(self) -> str:
        raise RuntimeError("no representation")

    def __bool__(self) -> bool:
        raise RuntimeError("no truth")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no comparison")

    __hash__ = None  # type: ignore[assignment]


ODD = (
    *(None, True, -1, 0, 10**30, 0.5, float("nan"), float("inf"), 1j, "", "odd", b"odd", object(), int, Hostile()),
    *((), [], {}, [[]], [[1.0], [1, 2]], [None], [1j], {"loss": None}, {"a": {}}, np.zeros(0), np.zeros((2, 3))),
    *(np.zeros((2, 2, 2, 2)), np.array(["a", "b"]), np.array([np.nan]), np.array([None, 1])),
)
# Of each function what is right, so that one at a time can be wrong.
RIGHT: dict[str, dict[str, Any]] = {
    "activation": {"name": "relu", "low": -1.0, "high": 1.0, "legend": True},
    "boundary": {
        **{"model": by_hand, "x": X, "y": Y, "surface": "classes", "threshold": 0.5, "margin": 0.1},
        **{"names": ["a", "b"], "legend": True},
    },
    "confusion": {"y_true": [0, 1], "y_pred": [0, 1], "names": ["a", "b"]},
    "digits": {"images": IMAGES, "labels": range(6), "predictions": range(6), "columns": 3},
    "history": {"history": trained, "key": "loss", "log": False, "legend": True},
    "network": {
        **{"model": by_hand, "step": 0, "row": 0, "most": 4, "weights": lambda: by_hand().get_weights()},
        **{"numbers": True, "features": ["a", "b"], "signs": ("a", "b"), "legend": True},
    },
    "neurons": {"model": by_hand, "x": X, "y": Y, "most": 4},
    "residuals": {"y_true": [1.0, 2.0], "y_pred": [1.0, 2.0], "unit": "m"},
    "weights": {"layer": lambda: by_hand().layers[0], "shape": (1, 2), "most": 2},
}


@pytest.mark.parametrize(("function", "argument"), [(name, key) for name in RIGHT for key in (*RIGHT[name], "ax")])
def test_odd_values_are_drawn_or_refused(function: str, argument: str) -> None:
    """Whatever is given: a picture, or a TypeError or ValueError that names the function or the value."""
    assert {*RIGHT} == {*plot.__all__}
    for odd in ODD:
        given = {key: value() if callable(value) else value for key, value in RIGHT[function].items()}
        try:
            ax = getattr(plot, function)(**{**given, argument: odd})
        except (TypeError, ValueError) as error:
            assert str(error)  # noqa: PT017
        else:
            ax.figure.draw_without_rendering()
        pyplot.close("all")
