r"""
7. The circle
=============

110 points of a plane, those in its middle of one class, the others of the other: no line will do. The chapter's
network, 2-128-64-2 with dropout, learns the shape, and this looks at what the size of a network and the four remedies
against overfitting do to it.

The points are the book's where they are at hand: the file ``one_circle.csv`` of its companion repository, found through
the variable ``LAMINA_DATA`` or given with ``--data``. Otherwise they are drawn like them.
"""

import numpy as np
from matplotlib import pyplot as plt

from _common import arguments, of_five_seeds, save
from lamina import datasets, plot
from lamina.callbacks import EarlyStopping
from lamina.layers import Dense, Dropout
from lamina.models import Sequential
from lamina.regularizers import L1, L2
from lamina.utils import set_random_seed, to_categorical

options = arguments("The circle data: sizes, regularization, dropout and early stopping.", data="one_circle.csv")
if options.data is None:
    x, y = datasets.circle(seed=1)
    print("The points are drawn like the book's; --data one_circle.csv gives the book's own.")
else:
    x, y = datasets.read_circle(options.data)
    print("The points are the book's.")

# %%
# The book's network
# ------------------
# 2·128 + 128 = 384 parameters in the first layer, 128·64 + 64 = 8,256 in the second, 64·2 + 2 = 130 in the last.


def book_network():
    """Return the chapter's network, compiled."""
    model = Sequential()
    model.add(Dense(128, activation="relu", input_shape=(2,)))
    model.add(Dropout(0.2))
    model.add(Dense(64, activation="relu"))
    model.add(Dropout(0.2))
    model.add(Dense(2, activation="softmax"))
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model


model = book_network()
model.summary()
assert model.count_params() == 8770

# %%
# A hundred epochs in batches of ten: 11 steps each. (The chapter calls the epochs "the number of steps"; an epoch is a
# pass over all rows.) The loss that training shows has dropout on, and the accuracy afterwards has it off.


def train_on_all():
    """Train the book's network on all rows; return its accuracy on them, dropout off."""
    model = book_network()
    history = model.fit(x, to_categorical(y, 2), epochs=100, batch_size=10, verbose=0)
    assert history.params["steps"] == -(-len(x) // 10)
    return model.evaluate(x, to_categorical(y, 2), verbose=0)[1]


assert of_five_seeds(train_on_all, "training accuracy") >= 0.90

# %%
# A test set
# ----------
# How good a network is shows on points that it has not seen: a fifth of the rows is left out of training.

set_random_seed(3)
order = np.random.default_rng(0).permutation(len(x))
test, train = order[: len(x) // 5], order[len(x) // 5 :]
model = book_network()
history = model.fit(
    x[train],
    to_categorical(y[train], 2),
    epochs=100,
    batch_size=10,
    verbose=0,
    validation_data=(x[test], to_categorical(y[test], 2)),
)
train_accuracy = model.evaluate(x[train], to_categorical(y[train], 2), verbose=0)[1]
test_accuracy = model.evaluate(x[test], to_categorical(y[test], 2), verbose=0)[1]
print(
    f"accuracy on {len(train)} rows to train on: {train_accuracy:.3f}, on {len(test)} to test on: {test_accuracy:.3f}"
)
assert train_accuracy >= 0.8

figure, (left, right) = plt.subplots(1, 2, figsize=(10.5, 4.2), layout="constrained")
plot.history(history, left, legend=False)
left.legend(loc="upper right", frameon=False)
left.set_title("the loss, epoch by epoch")
plot.boundary(model, x, y, right)
right.set_title("what the network has learned")
save(figure, options.output, "07-boundary")

set_random_seed(3)
small = Sequential([Dense(8, activation="relu", input_shape=(2,)), Dense(2, activation="softmax")])
small.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
small.fit(x, to_categorical(y, 2), epochs=400, batch_size=10, verbose=0)
save(plot.neurons(small, x, y), options.output, "07-neurons")

# %%
# Sizes and remedies, side by side
# --------------------------------
# A small network cannot follow the circle. A large one, trained for long, follows single points too: it is better and
# better on what it trains on, and not on what it does not. L1 and L2 make large weights expensive, dropout takes units
# out at random, and early stopping ends training when the loss on points left aside has stopped to fall.


def network(units, penalty=None, rate=0.0):
    """Return a network of two hidden layers, with regularization and dropout where they are given."""
    model = Sequential()
    for number, count in enumerate(units):
        shape = {"input_shape": (2,)} if number == 0 else {}
        model.add(Dense(count, activation="relu", kernel_regularizer=penalty, **shape))
        model.add(Dropout(rate))
    model.add(Dense(2, activation="softmax", kernel_regularizer=penalty))
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model


EARLY = {"validation_split": 0.2, "callbacks": EarlyStopping("val_loss", patience=40, restore_best_weights=True)}
trials = {
    "4-2 units": (network((4, 2)), {}),
    "16-8 units": (network((16, 8)), {}),
    "128-64 units": (network((128, 64)), {}),
    "512-256 units": (network((512, 256)), {}),
    "128-64, L1 0.002": (network((128, 64), L1(0.002)), {}),
    "128-64, L2 0.01": (network((128, 64), L2(0.01)), {}),
    "128-64, dropout 0.5": (network((128, 64), rate=0.5), {}),
    "128-64, early stopping": (network((128, 64)), EARLY),
}
figure, panels = plt.subplots(2, 4, figsize=(13.6, 7.2), layout="constrained", sharex=True, sharey=True)
accuracies = {}
for ax, (title, (model, more)) in zip(panels.flat, trials.items(), strict=True):
    history = model.fit(x[train], to_categorical(y[train], 2), epochs=600, batch_size=10, verbose=0, **more)
    accuracies[title] = [model.evaluate(x[rows], to_categorical(y[rows], 2), verbose=0)[1] for rows in (train, test)]
    known, unknown = accuracies[title]
    print(f"{title:<22} {len(history.epoch):3d} epochs, accuracy {known:.3f} in training, {unknown:.3f} in the test")
    plot.boundary(model, x[train], y[train], ax, legend=False)
    ax.set_title(f"{title}\ntraining {known:.2f}, test {unknown:.2f}", fontsize=10)
    ax.label_outer()
figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
save(figure, options.output, "07-side-by-side")
assert accuracies["4-2 units"][0] < accuracies["512-256 units"][0]

# %%
# Dropout, step by step
# ---------------------
# Dropout takes other units out on every step, and within a step for every sample of the batch. (The chapter says on
# every epoch.) Here are four steps of a smaller network, for the first sample of each batch.

set_random_seed(1)
model = Sequential([Dense(9, activation="relu", input_shape=(2,)), Dropout(0.3), Dense(6, activation="relu")])
model.add(Dropout(0.3))
model.add(Dense(2, activation="softmax"))
model.build((None, 2))
figure, panels = plt.subplots(2, 2, figsize=(9.6, 8.0), layout="constrained")
for step, ax in enumerate(panels.flat):
    plot.network(model, ax, step=step, legend=step == 3)
    ax.set_title(f"step {step + 1}")
save(figure, options.output, "07-dropout-masks")
