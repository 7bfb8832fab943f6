"""Code of a user's own, found again by its name in configurations, in files and in Keras's forms."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lamina
from lamina import constraints, initializers, layers, losses, metrics, optimizers, regularizers, saving
from lamina.models import Sequential, clone_model, load_model, model_from_json
from lamina.optimizers import schedules
from own_losses import Squared, squared

X = np.linspace(-1, 1, 24).reshape(12, 2)
Y = X.sum(axis=1, keepdims=True)


class Halves(initializers.Initializer):
    """Weights of one value."""

    def __init__(self, value: float = 0.5) -> None:
        self.value = value

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Any:
        return np.full(shape, self.value)

    def get_config(self) -> dict[str, Any]:
        return {"value": self.value}


class Halving(schedules.LearningRateSchedule):
    """Half the rate with every step."""

    def __call__(self, step: int) -> float:
        return 0.25 / 2**step

    def get_config(self) -> dict[str, Any]:
        return {}


class Furthest(metrics.Metric):
    """The largest error so far."""

    def __init__(self, name: str = "furthest", power: int = 1) -> None:
        super().__init__(name=name)
        self.power = power
        self.largest = self.add_weight(name="largest")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        self.largest.assign(max(float(self.largest), float(np.abs(y_true - y_pred).max()) ** self.power))

    def result(self) -> Any:
        return self.largest

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "power": self.power}


class Mine(layers.Dense):
    """A layer of a user's own, which the core knows nothing of."""


class Slow(optimizers.SGD):
    """An optimizer's arguments by another name."""


OWN: dict[str, Any] = {cls.__name__: cls for cls in (Halves, Halving, Furthest, Squared)} | {"squared": squared}


@pytest.fixture
def registered() -> Iterator[dict[str, Any]]:
    """What is registered, which is what it was before afterwards."""
    before = dict(saving.get_custom_objects())
    yield saving.get_custom_objects()
    saving.get_custom_objects().clear()
    saving.get_custom_objects().update(before)


def model_with(loss: Any = "mse") -> Sequential:
    model = Sequential([layers.Dense(1, kernel_initializer=Halves(0.75), input_shape=(2,))], dtype="float64")
    model.compile(optimizers.SGD(Halving()), loss, metrics=[Furthest("far", 2)])
    return model


def trained(loss: Any = "mse") -> Sequential:
    model = model_with(loss)
    model.fit(X, Y, batch_size=4, epochs=2, shuffle=False, verbose=0)
    return model


def going_on(model: Sequential) -> tuple[Any, list[Any]]:
    history = model.fit(X, Y, batch_size=4, shuffle=False, verbose=0).history
    return history, [weight.tolist() for weight in model.get_weights()]


# --- configurations -------------------------------------------------------------------------------


def remade_from_config(model: Sequential, own: Any) -> Sequential:
    return Sequential.from_config(model.get_config(), custom_objects=own)


def remade_from_json(model: Sequential, own: Any) -> Sequential:
    return model_from_json(model.to_json(), custom_objects=own)


def remade_in_scope(model: Sequential, own: Any) -> Sequential:
    with saving.custom_object_scope(own):
        return model_from_json(model.to_json())


@pytest.mark.parametrize("remade", [remade_from_config, remade_from_json, remade_in_scope])
def test_a_model_remade(remade: Callable[[Sequential, Any], Sequential]) -> None:
    model = model_with()
    np.testing.assert_array_equal(remade(model, {"Halves": Halves}).get_weights()[0], np.full((2, 1), 0.75))
    with pytest.raises(ValueError, match="unknown initializer 'Halves'"):
        remade(model, {"Quarters": Halves})


def test_a_clone_has_the_code_at_hand() -> None:
    np.testing.assert_array_equal(clone_model(model_with()).get_weights()[0], np.full((2, 1), 0.75))

    class HeNormal(Halves):
        """Called like one of the package's."""

    class Strong(regularizers.L2):
        """A penalty of a user's own."""

    layer = layers.Dense(1, kernel_initializer=HeNormal(), kernel_regularizer=Strong(0.5), input_shape=(2,))
    twin = clone_model(Sequential([layer]))
    np.testing.assert_array_equal(twin.get_weights()[0], np.full((2, 1), 0.5))
    assert (type(twin.layers[0].kernel_regularizer), twin.layers[0].kernel_regularizer.l2) == (Strong, 0.5)


def test_families() -> None:
    """Each has its deserialize; strings and configurations are looked up, one's own first."""
    assert initializers.deserialize(initializers.serialize(Halves(3.0)), OWN).get_config() == {"value": 3.0}
    assert isinstance(schedules.deserialize(schedules.serialize(Halving()), OWN), Halving)
    assert isinstance(losses.deserialize("Squared", OWN), Squared)
    assert losses.deserialize({"class_name": "function", "config": "squared"}, OWN).function is squared
    assert metrics.deserialize(metrics.serialize(Furthest("far", 2)), OWN).get_config() == {"name": "far", "power": 2}
    assert isinstance(metrics.deserialize("mae", {"mae": Furthest}), Furthest)
    layer = layers.deserialize(layers.serialize(layers.Dense(1, kernel_initializer=Halves())), OWN)
    assert isinstance(layer.kernel_initializer, Halves)
    optimizer = optimizers.deserialize(optimizers.serialize(optimizers.SGD(Halving(), momentum=0.5)), OWN)
    assert isinstance(optimizer.get_config()["learning_rate"], dict)
    assert optimizers.deserialize(optimizers.serialize(optimizers.Lion(0.125))).get_config()["learning_rate"] == 0.125
    assert regularizers.deserialize(regularizers.serialize(regularizers.L1(0.5))).l1 == 0.5
    assert regularizers.deserialize(None) is None
    assert constraints.deserialize(constraints.serialize(constraints.NonNeg()), OWN).get_config() == {}
    with pytest.raises(TypeError, match=r"serialize\(optimizer='adam'\)"):
        optimizers.serialize("adam")


# --- scopes and what is registered ----------------------------------------------------------------


def test_a_scope_ends_and_adds_to_the_one_around_it() -> None:
    with saving.CustomObjectScope({"a": Halves, "b": Halves}) as outer:
        assert outer.custom_objects == {"a": Halves, "b": Halves}
        with contextlib.suppress(KeyError), saving.CustomObjectScope({"b": Squared}):
            assert saving.get_registered_object("a") is Halves
            assert saving.get_registered_object("b") is Squared
            raise KeyError
        assert saving.get_registered_object("b") is Halves
    assert saving.get_registered_object("a") is None
    assert saving.get_registered_object("a", {"a": 1}, {"a": 2}) == 1
    assert saving.get_registered_object("a", None, {"a": 2}) == 2


def test_registering(registered: dict[str, Any]) -> None:
    assert saving.get_registered_name(Halves) == "Halves"
    assert saving.register_keras_serializable()(Halves) is Halves
    assert saving.register_keras_serializable("mine", "sq")(squared) is squared
    assert registered["Custom>Halves"] is Halves
    assert saving.get_registered_object("mine>sq") is squared
    assert saving.get_registered_name(Halves) == "Custom>Halves"
    assert initializers.serialize(Halves())["registered_name"] == "Custom>Halves"
    assert initializers.serialize(initializers.Zeros())["registered_name"] is None
    assert losses.serialize(losses.get(squared))["registered_name"] == "mine>sq"
    assert isinstance(initializers.get("Custom>Halves"), Halves)
    assert lamina.utils.get_custom_objects() is registered
    saving.register_keras_serializable("again")(Halves)
    assert saving.get_registered_name(Halves) == "again>Halves"


@pytest.mark.parametrize("loss", [Squared(), squared])
@pytest.mark.parametrize("name", ["model.safetensors", "model.keras"])
def test_files_of_what_is_registered(name: str, loss: Any, registered: dict[str, Any], tmp_path: Path) -> None:
    """They are whole, and training goes on to the bit; without the code they say what is missing."""
    for own in OWN.values():
        saving.register_keras_serializable("tests")(own)
    model = trained(loss)
    model.save(tmp_path / name)  # without a warning
    found = going_on(copy.deepcopy(model))
    assert going_on(load_model(tmp_path / name)) == found
    registered.clear()
    assert going_on(load_model(tmp_path / name, custom_objects=OWN)) == found
    for missing in ("Halves", "Furthest", "Halving"):
        with pytest.raises(ValueError, match=f"'{missing}'.*give it as custom_objects"):
            load_model(tmp_path / name, {key: own for key, own in OWN.items() if key != missing})
    with saving.custom_object_scope({"tests>Halves": Halves}):
        assert not load_model(tmp_path / name, compile=False).compiled


# --- what is refused ------------------------------------------------------------------------------

BAD: list[tuple[Any, str]] = [
    ([Halves], r"custom_objects=\["),
    ("Halves", "custom_objects='Halves'"),
    ({3: Halves}, r"custom_objects=\{3: "),
    ({"Halves": 3}, r"custom_objects=\{'Halves': 3\}"),
    ({"Halves": None}, "must stand for a class or a function"),
    ({"Halves": Squared}, "initializer 'Halves' stands for the class Squared of your own, which does not derive from"),
    ({"Halves": squared}, "must be a name or a Initializer object, not function"),
]


@pytest.mark.parametrize(("own", "words"), BAD)
def test_what_is_none(own: Any, words: str, tmp_path: Path) -> None:
    model = model_with()
    for use in (
        lambda: Sequential.from_config(model.get_config(), custom_objects=own),
        lambda: model_from_json(model.to_json(), custom_objects=own),
        lambda: initializers.deserialize(initializers.serialize(Halves()), own),
    ):
        with pytest.raises(TypeError, match=words):
            use()
    if not (isinstance(own, dict) and callable(own.get("Halves"))):
        with pytest.raises(TypeError, match=r"load_model\(custom_objects="):
            load_model(tmp_path / "none", own)
        with pytest.raises(TypeError, match=r"CustomObjectScope\(custom_objects="):
            saving.custom_object_scope(own)
    assert saving.get_registered_object("Halves") is None


def test_families_that_are_the_cores() -> None:
    own = {"Mine": Mine, "Slow": Slow, "Dense": Mine}
    for config in (layers.serialize(Mine(1)), layers.serialize(layers.Dense(1))):
        with pytest.raises(ValueError, match=r"layer '(Mine|Dense)' is one of a user's own, which is not supported"):
            layers.deserialize(config, own)
    assert type(optimizers.deserialize(optimizers.serialize(Slow(0.125)), own)) is Slow


def test_what_cannot_be_registered(registered: dict[str, Any]) -> None:
    class Bare:
        """Has no configuration."""

    with pytest.raises(ValueError, match=r"Bare needs a method get_config"):
        saving.register_keras_serializable()(Bare)
    with pytest.raises(TypeError, match="3 is no class and no function"):
        saving.register_keras_serializable()(3)  # type: ignore[type-var]
    with pytest.raises(TypeError, match="package="):
        saving.register_keras_serializable(Halves)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="name=3"):
        saving.register_keras_serializable("a", 3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="obj=3"):
        saving.get_registered_name(3)
    with pytest.raises(TypeError, match=r"name=\[\]"):
        saving.get_registered_object([])  # type: ignore[arg-type]
    assert not registered
