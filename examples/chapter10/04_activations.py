"""
4. Activation functions and vanishing gradients
===============================================

An activation function bends what would otherwise be one large linear model. Its derivative decides how much of the
error comes back through a layer: the sigmoid's is never above 1/4, and a product of many such numbers vanishes.
"""

import numpy as np
from matplotlib import pyplot as plt

from _common import arguments, save
from lamina import activations, datasets, plot
from lamina.layers import Dense
from lamina.models import Sequential
from lamina.utils import set_random_seed

options = arguments("Activation functions, their derivatives, and gradients that vanish.")

# %%
# The functions and their derivatives
# -----------------------------------

names = ("step", "sigmoid", "tanh", "relu", "leaky_relu", "softplus")
figure, panels = plt.subplots(2, 3, figsize=(10.0, 5.6), layout="constrained")
for ax, name in zip(panels.flat, names, strict=True):
    plot.activation(name, ax, legend=False)
figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
save(figure, options.output, "04-activations")

z = np.linspace(-5, 5, 1001)
slopes = {}
for name in ("sigmoid", "tanh", "relu"):
    function = activations.get(name)
    slopes[name] = float(((function(z + 1e-4) - function(z - 1e-4)) / 2e-4).max())
    print(f"{name:>8}: the largest derivative is {slopes[name]:.3f}")
assert abs(slopes["sigmoid"] - 0.25) < 1e-3
assert abs(slopes["tanh"] - 1) < 1e-3
assert abs(slopes["relu"] - 1) < 1e-3

# %%
# Ten layers
# ----------
# Ten layers of 32 units, the same but for their activation, on points of a circle. The norm of the gradient by each
# layer's kernel, before any training, says how much each layer would learn from a step. Weights are drawn as suits the
# function: Glorot's way for sigmoid and tanh, He's for ReLU. Each norm is the median of five seeds.

LAYERS = 10
x, y = datasets.circle(seed=1)


def norms(activation, initializer):
    """Return the norm of the gradient by the kernel of each hidden layer."""
    model = Sequential()
    for number in range(LAYERS):
        shape = {"input_shape": (2,)} if number == 0 else {}
        model.add(Dense(32, activation=activation, kernel_initializer=initializer, **shape))
    model.add(Dense(1, activation="sigmoid"))
    model.compile(loss="binary_crossentropy", optimizer="sgd")
    _, gradients = model.gradients(x, y)
    return [np.linalg.norm(gradient) for gradient in gradients[: 2 * LAYERS : 2]]


found = {}
for activation, initializer in (("sigmoid", "glorot_uniform"), ("tanh", "glorot_uniform"), ("relu", "he_normal")):
    runs = []
    for seed in range(1, 6):
        set_random_seed(seed)
        runs.append(norms(activation, initializer))
    found[activation] = np.median(runs, axis=0)
    first, last = found[activation][[0, -1]]
    print(f"{activation:>8}: the first layer's gradient is {first / last:.2e} times the last one's")
assert found["sigmoid"][0] / found["sigmoid"][-1] < 1e-4
assert found["tanh"][0] / found["tanh"][-1] > 0.05
assert found["relu"][0] / found["relu"][-1] > 0.05

figure, ax = plt.subplots(figsize=(7.2, 4.0), layout="constrained")
for (name, values), marker, colour in zip(found.items(), "o^s", ("#0072B2", "#D55E00", "#009E73"), strict=True):
    ax.semilogy(range(1, LAYERS + 1), values, marker=marker, color=colour, label=name)
ax.set(xlabel="layer, from the inputs on", ylabel="norm of the gradient", xticks=range(1, LAYERS + 1))
ax.spines[["top", "right"]].set_visible(False)
ax.legend(loc="upper left", bbox_to_anchor=(1.02, 1.0), frameon=False)
save(figure, options.output, "04-vanishing-gradients")
