"""What an optimizer keeps: training that goes on from any copy or file is training that never stopped, bit for bit."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lamina
import optimizer_fits as fits
from lamina import optimizers
from lamina.layers import Dense
from lamina.models import Sequential
from lamina.optimizers.schedules import ExponentialDecay, LearningRateSchedule, PiecewiseConstantDecay
from test_optimizer_golden import model_for

WAYS: dict[str, Callable[[Sequential, Path], Sequential]] = {
    "pickle": lambda model, _: pickle.loads(pickle.dumps(model)),
    "deepcopy": lambda model, _: copy.deepcopy(model),
    "safetensors": lambda model, folder: through_a_file(model, folder / "model.safetensors"),
    "keras": lambda model, folder: through_a_file(model, folder / "model.keras"),
}


def through_a_file(model: Sequential, path: Path) -> Sequential:
    model.save(path)
    return lamina.load_model(path)


def trained(model: Sequential, epochs: int) -> Sequential:
    data = fits.training()
    model.fit(data.x, data.y, batch_size=fits.BATCH, epochs=epochs, verbose=0)
    return model


def bits(model: Sequential) -> list[bytes]:
    return [weight.tobytes() for weight in model.get_weights()]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("case", fits.CASES, ids=lambda case: case.id)
def test_training_goes_on(case: fits.Case, way: str, tmp_path: Path) -> None:
    model = trained(model_for(case, "float32"), 3)
    again = WAYS[way](model, tmp_path)
    assert again.optimizer is not None
    assert model.optimizer is not None
    assert again.optimizer.get_config() == model.optimizer.get_config()
    assert again.optimizer.learning_rate == model.optimizer.learning_rate
    assert again.optimizer.iterations == model.optimizer.iterations == 15
    assert bits(trained(again, 2)) == bits(trained(model, 2))


@pytest.mark.equal_bits
@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("option", [{"clipnorm": 0.1}, {"global_clipnorm": 0.1}, {"use_ema": True}])
def test_bits_do_not_depend_on_threads(option: dict[str, Any], threads: int) -> None:
    """Norms of many segments, summed in one order."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(64, 50)), rng.normal(size=(64, 3))

    def weights() -> list[bytes]:
        lamina.utils.set_random_seed(3)
        model = Sequential([Dense(200, "tanh", input_shape=(50,)), Dense(100, "tanh"), Dense(3)])
        model.compile(optimizers.Adam(0.01, **option), "mse")
        model.fit(x, y, batch_size=16, epochs=3, verbose=0)
        return bits(model)

    lamina.config.set_num_threads(8)
    expected = weights()
    lamina.config.set_num_threads(threads)
    assert weights() == expected


class Halving(LearningRateSchedule):
    """A schedule of a user's own."""

    def __call__(self, step: int) -> float:
        return 0.1 / 2**step


def regression(rate: float | LearningRateSchedule) -> Sequential:
    model = Sequential([Dense(1, kernel_initializer="zeros", input_shape=(1,))])
    model.compile(optimizers.SGD(rate), "mse")
    return model


X, Y = np.ones((4, 1)), np.ones((4, 1))


def test_a_schedule_of_ones_own_gives_the_rate_of_every_step() -> None:
    model, by_hand = regression(Halving()), regression(0.1)
    for step in range(5):
        by_hand.optimizer.learning_rate = 0.1 / 2**step
        assert model.optimizer.learning_rate == 0.1 / 2**step
        by_hand.train_on_batch(X, Y)
        model.train_on_batch(X, Y)
    assert bits(model) == bits(by_hand)
    assert model.optimizer.iterations == 5
    whole = regression(Halving())
    whole.fit(X, Y, batch_size=4, epochs=5, verbose=0)
    assert bits(whole) == bits(by_hand)


def test_callbacks_see_the_rate_of_the_next_step() -> None:
    model = regression(PiecewiseConstantDecay([1, 2], [0.3, 0.2, 0.1]))
    seen: list[float] = []
    rate = lambda *_: seen.append(model.optimizer.learning_rate)  # noqa: E731
    model.fit(X, Y, 1, 1, verbose=0, callbacks=lamina.callbacks.LambdaCallback(on_train_batch_end=rate))
    assert seen == [0.3, 0.2, 0.1, 0.1]


@pytest.mark.parametrize("returned", [None, "fast", float("nan"), -0.1, [0.1, 0.2]])
def test_a_schedule_that_gives_no_rate_trains_nothing(returned: Any) -> None:
    class Broken(LearningRateSchedule):
        def __call__(self, step: int) -> Any:
            return returned

    model = regression(0.1)
    model.optimizer.learning_rate = Broken()
    before = bits(model)
    for use in (lambda: model.fit(X, Y, verbose=0), lambda: model.train_on_batch(X, Y)):
        with pytest.raises(ValueError, match=r"Broken\(\)\(0\) is .*: a schedule must return a learning rate"):
            use()
    assert bits(model) == before
    assert model.iterations == 0


def test_a_rate_of_ftrl_must_not_fall_to_nothing() -> None:
    model = Sequential([Dense(1, input_shape=(1,))])
    model.compile(optimizers.Ftrl(PiecewiseConstantDecay([0], [0.1, 0.0])), "mse")
    with pytest.raises(ValueError, match=r"learning_rate=0.0.*of more than 0"):
        model.fit(X, Y, 1, 1, verbose=0)


def test_a_scheduled_rate_is_replaced_by_schedules_alone() -> None:
    optimizer = optimizers.Adam(ExponentialDecay(0.1, 10, 0.5))
    with pytest.raises(TypeError, match="follows a schedule, ExponentialDecay"):
        optimizer.learning_rate = 0.1
    optimizer.learning_rate = Halving()
    assert optimizer.learning_rate == 0.1


def test_a_schedule_of_ones_own_is_not_kept(tmp_path: Path) -> None:
    model = regression(Halving())
    with pytest.warns(UserWarning, match="schedule 'Halving' is code of your own"):
        model.save(tmp_path / "model.safetensors")
    assert lamina.load_model(tmp_path / "model.safetensors").optimizer is None


def test_averages_survive_weights_that_are_put_back() -> None:
    """After a divergence the averages begin anew from the weights that are back."""
    model = Sequential([Dense(1, kernel_initializer="ones", input_shape=(1,))])
    model.compile(optimizers.SGD(1e38, use_ema=True), "mse")
    with pytest.warns(RuntimeWarning, match="weights became infinite or NaN"):
        model.fit(np.full((4, 1), 1e4), Y, batch_size=4, epochs=3, verbose=0)
    assert all(np.isfinite(weight).all() for weight in model.get_weights())
    model.optimizer.learning_rate = 0.0
    before = bits(model)
    model.fit(X, Y, verbose=0)
    assert bits(model) == before
