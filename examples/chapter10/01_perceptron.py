r"""
1. One perceptron
=================

A perceptron multiplies its inputs by weights, adds a bias, and hands the sum to an activation function. The function
makes it what it is: with a sigmoid the continuous perceptron, which is logistic regression, with a step the discrete
one, and with none at all linear regression. In lamina each is a ``Dense`` layer of one unit.
"""

import numpy as np
from matplotlib import pyplot as plt

from _common import arguments, save
from lamina import datasets, plot
from lamina.layers import Dense
from lamina.models import Sequential

options = arguments("One perceptron, with three activation functions.")


def perceptron(weights, bias, activation):
    """Return a model of one unit, its weights set by hand."""
    model = Sequential([Dense(1, activation=activation, input_shape=(len(weights),))])
    model.set_weights([np.reshape(weights, (-1, 1)), [bias]])
    return model


# %%
# By hand
# -------
# The chapter's perceptron has the weights 3, -2 and 4 and the bias 2. For the input (1, 3, 1) the sum is
# :math:`3\cdot 1 - 2\cdot 3 + 4\cdot 1 + 2 = 3`, and the sigmoid of it :math:`1 / (1 + e^{-3}) = 0.953`.

x = np.array([[1, 3, 1]])
for activation, expected in (("sigmoid", 1 / (1 + np.exp(-3.0))), ("step", 1.0), (None, 3.0)):
    output = perceptron([3, -2, 4], 2, activation).predict(x)[0, 0]
    print(f"{activation or 'no activation':>13}: {output:.3f}")
    assert abs(output - expected) < 1e-6
assert round(1 / (1 + np.exp(-3.0)), 3) == 0.953

ax = plot.network(perceptron([3, -2, 4], 2, "sigmoid"), features=["1", "3", "1"])
ax.set_title("sigmoid(3·1 − 2·3 + 4·1 + 2) = 0.953")  # noqa: RUF001
save(ax, options.output, "01-perceptron")

# %%
# Discrete and continuous
# -----------------------
# The perceptron 10a + 6b - 15 looks at how often an alien says aack (a) and beep (b). Its boundary is the line where
# the sum is 0. The discrete perceptron knows the two sides of it, the continuous one how far from it a point is.

aliens, moods = datasets.aliens()
figure, panels = plt.subplots(1, 2, figsize=(9.0, 4.4), layout="constrained")
for ax, activation, title in zip(panels, ("step", "sigmoid"), ("discrete: step", "continuous: sigmoid"), strict=True):
    model = perceptron([10, 6], -15, activation)
    plot.boundary(model, aliens, moods, ax, surface="probability", names=["sad", "happy"], legend=False)
    ax.set(title=title, xlabel="aack", ylabel="beep")
figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
save(figure, options.output, "01-discrete-and-continuous")

for a, b in aliens:
    print(f"aack {a:.0f}, beep {b:.0f}: the sum is {10 * a + 6 * b - 15:+.0f}")

# %%
# The same two functions as surfaces over the plane.

across = np.linspace(-1, 3, 241)
grid = np.stack(np.meshgrid(across, across), axis=-1)
figure = plt.figure(figsize=(9.0, 4.2), layout="constrained")
for place, activation in enumerate(("step", "sigmoid"), start=1):
    values = perceptron([10, 6], -15, activation).predict(grid.reshape(-1, 2)).reshape(241, 241)
    ax = figure.add_subplot(1, 2, place, projection="3d")
    ax.plot_surface(grid[..., 0], grid[..., 1], values, cmap="cividis", vmin=0, vmax=1, rcount=240, ccount=240)
    ax.set(xlabel="aack", ylabel="beep", zlabel="output", title=activation, zlim=(0, 1))
    ax.set(xticks=(-1, 0, 1, 2, 3), yticks=(-1, 0, 1, 2, 3), zticks=(0, 0.5, 1))
    ax.view_init(elev=28, azim=-120)
    ax.set_box_aspect(None, zoom=0.88)  # room for the labels
    sums = 10 * grid[..., 0] + 6 * grid[..., 1] - 15
    off_the_line = np.abs(sums) > 1e-3
    assert np.all(((values >= 0.5) == (sums >= 0))[off_the_line])
save(figure, options.output, "01-surfaces")
