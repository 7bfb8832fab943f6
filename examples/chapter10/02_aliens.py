r"""
2. The alien planet
===================

On a planet that the chapter visits, aliens say *aack* and *beep*, and are happy when they say both. No line separates
the happy from the sad. Two lines do, and a third perceptron, the AND of the two, puts them together: a neural network.
"""

import numpy as np
from matplotlib import pyplot as plt

from _common import arguments, of_five_seeds, save
from lamina import datasets, plot
from lamina.layers import Dense
from lamina.models import Sequential
from lamina.optimizers import Adam

options = arguments("Eight sentences, two lines, and the network that combines them.")

# %%
# The eight sentences
# -------------------
# Two perceptrons look at a sentence. The *career* classifier is 6a + 10b - 15, the *family* classifier 10a + 6b - 15;
# the alien is happy where both are. (The chapter's table 10.2 has two of these rows in each other's place, and prints 3
# for -3 at "beep beep"; and its letters F and C trade places between the two classifiers.)

x, y = datasets.aliens()
career = x @ [6, 10] - 15
family = x @ [10, 6] - 15
happy = (career >= 0) & (family >= 0)
print("aack  beep  career  family  both  mood")
for (a, b), c, f, both, mood in zip(x, career, family, happy, y, strict=True):
    print(f"{a:4.0f}  {b:4.0f}  {c:+6.0f}  {f:+6.0f}  {both!s:>5}  {'happy' if mood else 'sad'}")
assert (happy == y).all()
beep_beep = (x == [0, 2]).all(axis=1)
assert career[beep_beep] == 5
assert family[beep_beep] == -3

# %%
# The slope of a line is its rise over its run. That of 6a + 10b = 15, with a to the right and b upwards, is -6/10: a
# step to the right takes it down by 0.6. (The chapter defines the slope upside down.)

# %%
# Three perceptrons, with step and with sigmoid
# ---------------------------------------------
# The AND of two numbers that are 0 or 1 is a perceptron again: 1c + 1f - 1.5 is positive where both are 1.

KERNEL, BIAS = [[6, 10], [10, 6]], [-15, -15]  # a column a classifier: career, family


def network(activation, scale=1):
    """Return the network with weights set by hand, those of the lines multiplied by `scale`."""
    model = Sequential([Dense(2, activation=activation, input_shape=(2,)), Dense(1, activation=activation)])
    model.set_weights([scale * np.array(KERNEL), scale * np.array(BIAS), [[1], [1]], [-1.5]])
    return model


def line(weights, bias):
    """Return one of the two classifiers alone."""
    model = Sequential([Dense(1, activation="step", input_shape=(2,))])
    model.set_weights([np.reshape(weights, (2, 1)), [bias]])
    return model


save(plot.network(network("step"), features=["aack", "beep"]), options.output, "02-network")

models = {
    "career: 6a + 10b − 15": line([6, 10], -15),  # noqa: RUF001
    "family: 10a + 6b − 15": line([10, 6], -15),  # noqa: RUF001
    "both, with step": network("step"),
    "both, with sigmoid": network("sigmoid"),
}
figure, panels = plt.subplots(2, 2, figsize=(8.4, 7.2), layout="constrained", sharex=True, sharey=True)
for ax, (title, model) in zip(panels.flat, models.items(), strict=True):
    plot.boundary(model, x, y, ax, names=["sad", "happy"], legend=False)
    ax.set(title=title, xlabel="aack", ylabel="beep")
    ax.label_outer()
figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
save(figure, options.output, "02-four-boundaries")

accuracies = {title: float(np.mean((model.predict(x)[:, 0] > 0.5) == y)) for title, model in models.items()}
for title, accuracy in accuracies.items():
    print(f"{title:<22} {accuracy:.3f} of the sentences are right")
assert list(accuracies.values()) == [7 / 8, 7 / 8, 1, 7 / 8]

# %%
# One sentence too few
# --------------------
# With sigmoids the network gets "aack beep" wrong. Both lines give sigmoid(1) = 0.731, which is above a half, but not
# by enough: 0.731 + 0.731 - 1.5 is negative.

hidden = 1 / (1 + np.exp(-1.0))
output = 1 / (1 + np.exp(-(2 * hidden - 1.5)))
print(f"aack beep: sigmoid({hidden:.3f} + {hidden:.3f} - 1.5) = {output:.3f}")
assert abs(network("sigmoid").predict([[1, 1]])[0, 0] - output) < 1e-6
assert output < 0.5

# %%
# Twice the weights and biases of the two lines are the same lines, but the sigmoids are steeper: closer to steps. Then
# sigmoid(2) = 0.881, and twice that is enough.

mended = network("sigmoid", scale=2)
print(f"the same with twice the weights: {mended.predict([[1, 1]])[0, 0]:.3f}")
assert ((mended.predict(x)[:, 0] > 0.5) == y).all()

figure, panels = plt.subplots(1, 2, figsize=(9.0, 4.6), layout="constrained", sharey=True)
for ax, model, title in zip(panels, (network("sigmoid"), mended), ("as drawn", "twice the weights"), strict=True):
    plot.boundary(model, x, y, ax, surface="probability", names=["sad", "happy"], legend=False)
    ax.set(title=title, xlabel="aack", ylabel="beep")
figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
save(figure, options.output, "02-mended")

# %%
# Learned
# -------
# Nobody has to find the lines by hand. What two hidden units learn depends on the weights they begin with, so here are
# five seeds.


def learn():
    """Train the network from random weights; return the share of sentences it gets right."""
    model = Sequential([Dense(2, activation="tanh", input_shape=(2,)), Dense(1, activation="sigmoid")])
    model.compile(loss="binary_crossentropy", optimizer=Adam(0.1), metrics=["accuracy"])
    model.fit(x, y, epochs=300, batch_size=8, verbose=0)
    learned.append(model)
    return model.evaluate(x, y, verbose=0)[1]


learned = []
assert of_five_seeds(learn, "accuracy of five seeds") == 1.0
save(plot.neurons(learned[-1], x, y), options.output, "02-learned-neurons")
