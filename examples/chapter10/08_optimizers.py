r"""
8. Optimizers, and batches
==========================

Every optimizer goes down the same hill, each in its own way; and a step may look at all rows, at a few, or at one. This
puts five optimizers side by side, and then the three kinds of batch.
"""

import numpy as np
from matplotlib import pyplot as plt

from _common import arguments, save
from lamina import datasets, plot
from lamina.layers import Dense
from lamina.models import Sequential
from lamina.optimizers import SGD, Adagrad, Adam, RMSprop
from lamina.utils import set_random_seed

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00")
options = arguments("Five optimizers, and batch, mini-batch and stochastic gradient descent.")

# %%
# Paths in a valley
# -----------------
# A model of two weights, so that one can see where they go: y = 2a - b, where the second feature is five times smaller
# than the first. The error is then a long valley: steep for the first weight, flat for the second.

random = np.random.default_rng(1)
points = random.normal(size=(200, 2)) * [1.0, 0.2]
targets = points @ [2.0, -1.0] + random.normal(size=200, scale=0.02)

OPTIMIZERS = {
    "SGD": lambda: SGD(0.3),
    "momentum": lambda: SGD(0.1, momentum=0.9),
    "RMSprop": lambda: RMSprop(0.05),
    "Adagrad": lambda: Adagrad(0.5),
    "Adam": lambda: Adam(0.1),
}


def path(optimizer, batch_size, steps):
    """Return the two weights before and after each step, (steps + 1, 2)."""
    model = Sequential([Dense(1, use_bias=False, input_shape=(2,))])
    model.set_weights([[[-1.5], [2.5]]])
    model.compile(loss="mean_squared_error", optimizer=optimizer)
    visited = [model.get_weights()[0][:, 0]]
    order = np.random.default_rng(2)
    while len(visited) <= steps:
        rows = order.permutation(len(points))[:batch_size]
        model.train_on_batch(points[rows], targets[rows])
        visited.append(model.get_weights()[0][:, 0])
    return np.array(visited)


def valley(ax):
    """Draw the error as a function of the two weights."""
    first, second = np.meshgrid(np.linspace(-2.2, 4.4, 200), np.linspace(-2.4, 3.2, 200))
    errors = ((first[..., None] * points[:, 0] + second[..., None] * points[:, 1] - targets) ** 2).mean(axis=-1)
    ax.contour(first, second, errors, np.geomspace(0.005, 12, 10), colors="#AAAAAA", linewidths=0.7)
    ax.plot(2, -1, marker="*", markersize=13, color="black", linestyle="none", label="the lowest point")
    ax.set(xlabel="first weight", ylabel="second weight")


figure, panels = plt.subplots(1, 5, figsize=(14.0, 3.5), layout="constrained", sharey=True)
for ax, (name, make), colour in zip(panels, OPTIMIZERS.items(), COLOURS, strict=True):
    visited = path(make(), len(points), 80)
    valley(ax)
    ax.plot(*visited.T, color=colour, marker=".", markersize=4, linewidth=1.2)
    ax.set_title(name)
    ax.label_outer()
    distances = np.linalg.norm(visited - [2, -1], axis=1)
    print(f"{name:>8}: {distances[0]:.2f} from the lowest point at first, {distances[-1]:.3f} after 80 steps")
    assert distances[-1] < 0.5 * distances[0]
save(figure, options.output, "08-paths")

# %%
# On the circle
# -------------
# The network 2-128-64-2 on the circle, with each optimizer at a rate that suits it.

x, y = datasets.circle(seed=1)


def fit(optimizer, batch_size, epochs):
    """Train on the circle; return the history."""
    set_random_seed(1)
    model = Sequential([Dense(128, activation="relu", input_shape=(2,)), Dense(64, activation="relu")])
    model.add(Dense(2, activation="softmax"))
    model.compile(loss="sparse_categorical_crossentropy", optimizer=optimizer, metrics=["accuracy"])
    return model.fit(x, y, batch_size=batch_size, epochs=epochs, verbose=0)


histories = {
    "SGD, 0.05": fit(SGD(0.05), 10, 100),
    "momentum 0.9, 0.01": fit(SGD(0.01, momentum=0.9), 10, 100),
    "RMSprop, 0.001": fit(RMSprop(0.001), 10, 100),
    "Adagrad, 0.02": fit(Adagrad(0.02), 10, 100),
    "Adam, 0.001": fit(Adam(0.001), 10, 100),
}
for name, history in histories.items():
    print(f"{name:<18} the loss falls from {history.history['loss'][0]:.3f} to {history.history['loss'][-1]:.3f}")
    assert history.history["loss"][-1] < 0.75 * history.history["loss"][0]
ax = plot.history(histories)
ax.set_title("the loss with five optimizers")
save(ax, options.output, "08-optimizers")

# %%
# Batch, mini-batch, stochastic
# -----------------------------
# Batch gradient descent takes a step an epoch, over all rows: straight downhill, but seldom. Stochastic gradient
# descent takes a step a row: often, and every row pulls its own way. Mini-batches lie between.

SIZES = {"batch: all rows": len(x), "mini-batch: 10 rows": 10, "stochastic: 1 row": 1}
figure, (left, right) = plt.subplots(1, 2, figsize=(11.0, 4.4), layout="constrained")
valley(left)
for (name, size), colour, marker in zip(SIZES.items(), COLOURS, "o^s", strict=False):
    visited = path(SGD(0.1), len(points) if size == len(x) else size, 200)
    left.plot(*visited.T, color=colour, marker=marker, markersize=3, linewidth=1.0, label=name)
left.set_title("200 steps each in the valley")
histories = {name: fit(SGD(0.05), size, 60) for name, size in SIZES.items()}
plot.history(histories, right, legend=False)
right.set_title("60 epochs each on the circle")
figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False)
save(figure, options.output, "08-batches")

for name, history in histories.items():
    steps = history.params["steps"] * len(history.epoch)
    print(f"{name:<20} {steps:5d} steps, the loss ends at {history.history['loss'][-1]:.3f}")
final = [history.history["loss"][-1] for history in histories.values()]
assert final[0] > final[1] > final[2]
