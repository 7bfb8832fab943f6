"""Several threads, callbacks and forked processes on one model."""

from __future__ import annotations

import os
import textwrap
import threading
from typing import Any

import numpy as np
import pytest

from lamina.callbacks import LambdaCallback
from lamina.layers import Dense
from small import LABELS, X, classifier, run_python


def in_thread(use: Any) -> BaseException | None:
    """Return what `use` raised in another thread."""
    caught: list[BaseException | None] = [None]

    def run() -> None:
        try:
            use()
        except BaseException as error:
            caught[0] = error

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(30)
    assert not thread.is_alive()
    return caught[0]


def test_another_thread_is_refused_while_fit_runs():
    model = classifier()
    uses = {
        "predict": lambda: model.predict(X),
        "evaluate": lambda: model.evaluate(X, LABELS, verbose=0),
        "fit": lambda: model.fit(X, LABELS, verbose=0),
        "get_weights": model.get_weights,
        "set_weights": lambda: model.set_weights([]),
        "gradients": lambda: model.gradients(X, LABELS),
        "compile": lambda: model.compile("sgd", "mse"),
        "add": lambda: model.add(Dense(2)),
        "a layer's get_weights": model.layers[0].get_weights,
    }
    errors: dict[str, BaseException | None] = {}

    def ask(batch: int, logs: Any) -> None:
        errors.update({name: in_thread(use) for name, use in uses.items()})

    model.fit(X, LABELS, verbose=0, callbacks=LambdaCallback(on_train_batch_end=ask))
    for name, error in errors.items():
        assert isinstance(error, RuntimeError), name
        assert "fit() is running in another thread" in str(error), name
    assert errors
    for use in list(uses.values())[:4]:
        use()  # and afterwards all is well


def test_the_thread_of_fit_may_use_the_model_but_not_change_its_make():
    model = classifier()
    seen: list[np.ndarray] = []

    def use(epoch: int, logs: Any) -> None:
        assert model.evaluate(X, LABELS, verbose=0)[0] > 0
        model.gradients(X, LABELS)
        seen.append(model.predict(X))
        model.set_weights(model.get_weights())
        for refused in (
            lambda: model.fit(X, LABELS, verbose=0),
            lambda: model.compile("sgd", "mse"),
            lambda: model.add(Dense(3)),
            lambda: model.build((None, 5)),
        ):
            with pytest.raises(RuntimeError, match=r"while fit\(\) is running"):
                refused()

    model.fit(X, LABELS, epochs=2, verbose=0, callbacks=LambdaCallback(on_epoch_end=use))
    assert len(seen) == 2
    np.testing.assert_array_equal(seen[-1], model.predict(X))


def test_predict_in_many_threads_agrees():
    model = classifier()
    expected = model.predict(X)
    results: list[np.ndarray] = []

    def work() -> None:
        for _ in range(20):
            results.append(model.predict(X))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(results) == 80
    assert all(np.array_equal(result, expected) for result in results)


def test_fit_is_refused_while_another_thread_predicts():
    model = classifier()
    errors: list[BaseException | None] = []
    callback = LambdaCallback(
        on_predict_batch_end=lambda batch, logs: errors.append(in_thread(lambda: model.fit(X, LABELS, verbose=0)))
    )
    model.predict(X, callbacks=callback)
    assert len(errors) == 2
    assert all(isinstance(error, RuntimeError) and "predict() is running" in str(error) for error in errors)
    model.fit(X, LABELS, verbose=0)


@pytest.mark.parametrize("left", ["claim", "enter"])
def test_a_use_that_was_cut_off_does_not_block_the_model(left):
    """As an interrupt does that comes between the end of the work and the line that says so."""
    model = classifier()

    def cut_off() -> None:
        getattr(model.guard, left)("fit()")

    cut_off()
    model.fit(X, LABELS, verbose=0)
    assert in_thread(cut_off) is None
    model.fit(X, LABELS, verbose=0)
    model.predict(X)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_child_forked_while_another_thread_reads_or_trains_may_use_the_model():
    code = textwrap.dedent(
        """
        import os, threading, warnings
        import numpy as np
        from lamina.callbacks import LambdaCallback
        from lamina.layers import Dense
        from lamina.models import Sequential

        warnings.simplefilter("ignore", DeprecationWarning)  # Python's, on forking with threads
        x = np.ones((6, 2), np.float32)
        model = Sequential([Dense(1, input_shape=(2,))])
        model.compile("sgd", "mse")
        model.fit(x, x[:, 0], verbose=0)
        entered, done = threading.Event(), threading.Event()

        def wait(number, logs):
            entered.set()
            done.wait(30)

        hooks = LambdaCallback(on_train_batch_end=wait, on_predict_batch_end=wait)
        fit = lambda: model.fit(x, x[:, 0], verbose=0, callbacks=hooks)
        for use in (fit, lambda: model.predict(x, callbacks=hooks)):
            entered.clear()
            done.clear()
            thread = threading.Thread(target=use)
            thread.start()
            entered.wait(30)
            child = os.fork()
            if child == 0:
                model.predict(x)
                model.fit(x, x[:, 0], verbose=0)
                os._exit(7)
            done.set()
            thread.join()
            print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        """
    )
    assert run_python(code).split() == ["7", "7"]
