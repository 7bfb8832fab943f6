"""Models as plain data: configurations, JSON, clones."""

from __future__ import annotations

import json
from typing import Any

import pytest

import lamina
from lamina.layers import Dense
from lamina.models import Sequential, clone_model, model_from_json, save_model
from test_saving import equal, made, trained


def test_config() -> None:
    model = made()
    again = Sequential.from_config(json.loads(json.dumps(model.get_config())))
    assert json.dumps(again.get_config()) == json.dumps(model.get_config())
    assert not again.compiled
    assert not equal(again, model)  # new weights: no seed was given
    with_seed = Sequential([Dense(3, kernel_initializer=lamina.initializers.HeNormal(seed=1), input_shape=(5,))])
    assert equal(Sequential.from_config(with_seed.get_config()), with_seed)


def test_json() -> None:
    model = made()
    again = model_from_json(model.to_json(indent=1))
    assert again.to_json() == model.to_json()
    for bad in (3, None, b"{}"):
        with pytest.raises(TypeError, match="json_string"):
            model_from_json(bad)  # type: ignore[arg-type]
    for text in ("", "{", "[]", '{"class_name": "Functional"}', "[" * 100_000):
        with pytest.raises(ValueError, match="json_string"):
            model_from_json(text)


def test_clone() -> None:
    model = trained()
    twin = clone_model(model)
    assert twin.count_params() == model.count_params()
    assert not equal(twin, model)
    assert not twin.compiled

    def wider_layer(layer: Any) -> Any:
        return Dense(9) if isinstance(layer, Dense) else layer.from_config(layer.get_config())

    wider = clone_model(model, wider_layer)
    assert wider.output_shape == (None, 9)
    assert [type(layer) for layer in wider.layers] == [type(layer) for layer in model.layers]
    for bad in (3, "relu"):
        with pytest.raises(TypeError, match="clone_function"):
            clone_model(model, bad)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="model must be"):
            clone_model(bad)
        with pytest.raises(TypeError, match="model must be"):
            save_model(bad, "x")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "config",
    [
        None,
        3,
        {},
        {"layers": None},
        {"layers": [3]},
        {"layers": [{"class_name": "Dense"}]},
        {"layers": [{"class_name": "Dense", "config": {}}]},
        {"layers": [{"class_name": 3, "config": {}}]},
        {"layers": [{"class_name": "Dense", "config": {"units": "x"}}]},
        {"layers": [{"class_name": "Input", "config": {"shape": 3}}]},
        {"layers": [{"class_name": "InputLayer", "config": {"batch_shape": 3}}]},
        {"layers": [{"class_name": "Sequential", "config": 3}]},
        {"layers": [], "trainable": "yes"},
        {"layers": [], "name": 3},
        {"layers": [], "dtype": "int8"},
    ],
)
def test_odd_configs(config: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        Sequential.from_config(config)
