r"""
12. Transfer learning
=====================

What a network has learned for one task can serve another. Here one has learned to tell ten digits. Its hidden layers
are frozen, and a new last layer, the only part that is trained, learns from a few examples which digits are even:
sooner than a network that begins with nothing.

The images are the 1,797 digits that come with lamina.
"""

import functools

import numpy as np
from matplotlib import pyplot as plt

from _common import arguments, of_five_seeds, save
from lamina import plot
from lamina.datasets import digits
from lamina.layers import Dense
from lamina.models import Sequential
from lamina.optimizers import Adam
from lamina.utils import set_random_seed

options = arguments("Hidden layers of one task, frozen, under a new last layer for another.")
(images, labels), (test_images, test_labels) = digits.load_data()
x, x_test = images.reshape(-1, 64) / 16, test_images.reshape(-1, 64) / 16

# %%
# The first task: which digit
# ---------------------------
# The hidden layers are a model of their own, which is put into another, with a last layer for ten classes.


def hidden_layers():
    """Return a model of the hidden layers alone."""
    return Sequential([Dense(64, activation="relu", input_shape=(64,)), Dense(32, activation="relu")])


set_random_seed(1)
body = hidden_layers()
reader = Sequential([body, Dense(10, activation="softmax")])
reader.compile(loss="sparse_categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
reader.fit(x, labels, epochs=40, batch_size=10, verbose=0)
accuracy = reader.evaluate(x_test, test_labels, verbose=0)[1]
print(f"ten digits: {accuracy:.3f} of {len(x_test)} test images are read right")
assert accuracy > 0.9

# %%
# The second task: even or odd
# ----------------------------
# ``trainable = False`` freezes the hidden layers: training leaves their weights as they are. The new last layer has 33
# parameters to learn, a network from scratch 6,273.

body.trainable = False


def even_or_odd(body):
    """Return hidden layers with a new last layer of one unit, compiled."""
    model = Sequential([body, Dense(1, activation="sigmoid")])
    model.compile(loss="binary_crossentropy", optimizer=Adam(0.01), metrics=["accuracy"])
    return model


transferred = even_or_odd(body)
transferred.summary()
assert sum(weight.numpy().size for weight in transferred.trainable_weights) == 33
assert transferred.count_params() == 6273

odd, odd_test = labels % 2, test_labels % 2


def learn(make, count, chance):
    """Train a new network on so many examples of each digit, drawn at random; return the test accuracy."""
    rows = [chance.permutation(np.flatnonzero(labels == digit))[:count] for digit in range(10)]
    chosen = np.concatenate(rows)
    model = make()
    model.fit(x[chosen], odd[chosen], epochs=100, batch_size=10, verbose=0)
    return model.evaluate(x_test, odd_test, verbose=0)[1]


kinds = {
    "transferred": lambda: even_or_odd(body),
    "from scratch": lambda: even_or_odd(hidden_layers()),
}
COUNTS = (1, 2, 5, 10, 20)
frozen = body.get_weights()
medians = {name: [] for name in kinds}
for name, make in kinds.items():
    for count in COUNTS:
        train = functools.partial(learn, make, count, np.random.default_rng(count))  # the same examples for both
        medians[name].append(of_five_seeds(train, f"{name}, {count:2d} of each digit"))
assert all(np.array_equal(old, new) for old, new in zip(frozen, body.get_weights(), strict=True))
assert all(np.array(medians["transferred"][:3]) > medians["from scratch"][:3])

figure, ax = plt.subplots(figsize=(6.8, 4.0), layout="constrained")
styles = (("#0072B2", "o", "solid"), ("#D55E00", "^", "dashed"))
for (name, values), (colour, marker, dashes) in zip(medians.items(), styles, strict=True):
    ax.plot(COUNTS, values, color=colour, marker=marker, linestyle=dashes, label=name)
ax.set(xlabel="examples of each digit", ylabel="test accuracy, median of five seeds", xscale="log")
ax.set_xticks(COUNTS, [str(count) for count in COUNTS])
ax.minorticks_off()
ax.spines[["top", "right"]].set_visible(False)
ax.legend(loc="lower right", frameon=False)
save(figure, options.output, "12-transfer")

# %%
# What it says
# ------------
# The first test images, with what the transferred network makes of them after 20 examples of each digit.

set_random_seed(1)
rows = np.concatenate([np.flatnonzero(labels == digit)[:20] for digit in range(10)])
transferred.fit(x[rows], odd[rows], epochs=100, batch_size=10, verbose=0)
names = np.array(["even", "odd"])
said = names[(transferred.predict(x_test)[:, 0] > 0.5).astype(int)]
ax = plot.digits(test_images[:24], names[odd_test[:24]], said[:24])
save(ax, options.output, "12-digits")
