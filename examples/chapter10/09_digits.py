r"""
9. Handwritten digits
=====================

The chapter's digit recogniser: images of 28 by 28 pixels laid out as rows of 784 numbers, a network 784-128-64-10 with
dropout, and ten outputs that softmax makes probabilities of.

The images are MNIST where it is at hand (the variable ``LAMINA_DATA`` names the folder that holds ``mnist/``).
Otherwise they are the 1,797 smaller digits that come with lamina, for which everything else is the same.
"""

import numpy as np

from _common import arguments, of_five_seeds, save
from lamina import plot
from lamina.datasets import digits, mnist
from lamina.layers import Dense, Dropout
from lamina.models import Sequential
from lamina.utils import to_categorical

options = arguments("MNIST: images, labels, training, right and wrong digits, the confusion table.")
try:
    (images, labels), (test_images, test_labels) = mnist.load_data(download=False)
    EPOCHS, LEAST = 10, 0.935
    print("These are MNIST's images.")
except FileNotFoundError:
    (images, labels), (test_images, test_labels) = digits.load_data()
    EPOCHS, LEAST = 40, 0.90
    print("MNIST is not at hand: these are the digits packaged with lamina. LAMINA_DATA may name MNIST's folder.")

# %%
# Images and labels
# -----------------
# An image is a square of numbers, 0 where the paper is blank; a label the digit that it shows. The first 16:

height, width = images.shape[1:]
print(f"{len(images)} images of {height} by {width} pixels to learn from, {len(test_images)} to test on")
save(plot.digits(images[:16], labels[:16]), options.output, "09-first-digits")

# %%
# The network is to say how probable each digit is, so a label becomes a row of ten numbers: 1 in the place of the
# digit, 0 elsewhere. Images become rows too.

pixels = images[0].size
x, y = images.reshape(-1, pixels), to_categorical(labels, 10)
x_test, y_test = test_images.reshape(-1, pixels), to_categorical(test_labels, 10)
for label, row in zip(labels[:3], y, strict=False):
    print(f"{label}: {row.astype(int)}")
assert (y.argmax(axis=1) == labels).all()
assert (y.sum(axis=1) == 1).all()

# %%
# Training
# --------
# Ten epochs in batches of ten: 6,000 steps each for MNIST.


def train():
    """Train the chapter's network; return the share of test images that it reads right."""
    model = Sequential()
    model.add(Dense(128, activation="relu", input_shape=(pixels,)))
    model.add(Dropout(0.2))
    model.add(Dense(64, activation="relu"))
    model.add(Dropout(0.2))
    model.add(Dense(10, activation="softmax"))
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    history = model.fit(x, y, epochs=EPOCHS, batch_size=10, verbose=0)
    trained.append((model, history))
    return model.evaluate(x_test, y_test, verbose=0)[1]


trained = []
assert of_five_seeds(train, "test accuracy") >= LEAST

model, history = trained[0]
model.summary()
if pixels == 784:
    assert model.count_params() == 109_386
    assert history.params["steps"] == 6000
ax = plot.history(history, key="accuracy", legend=False)
ax.set_title("accuracy while it trains, dropout on")
save(ax, options.output, "09-training")

# %%
# Right and wrong
# ---------------

predictions = model.predict(x_test)
read = predictions.argmax(axis=1)
right, wrong = np.flatnonzero(read == test_labels), np.flatnonzero(read != test_labels)
print(f"{len(right)} of {len(test_labels)} test images are read right, {len(wrong)} wrong")
for place in (right[0], wrong[0]):
    shares = ", ".join(f"{share:.2f}" for share in predictions[place])
    print(f"a {test_labels[place]}, read as {read[place]}; the probabilities of 0 to 9: {shares}")
shown = np.concatenate([right[:8], wrong[:16]])
ax = plot.digits(test_images[shown], test_labels[shown], predictions[shown])
save(ax, options.output, "09-right-and-wrong")

# %%
# Which digits are taken for which
# --------------------------------

save(plot.confusion(test_labels, predictions), options.output, "09-confusion")
table = np.zeros((10, 10), int)
np.add.at(table, (test_labels, read), 1)
assert table.trace() == len(right)
table[np.diag_indices(10)] = 0
true, taken = np.unravel_index(table.argmax(), table.shape)
print(f"the most frequent mistake: a {true} taken for a {taken}, {table[true, taken]} times")

# %%
# What the first layer looks at
# -----------------------------
# Each of its units has a weight for every pixel: blue where ink speaks for the unit, vermilion where against it. Some
# still look like the noise they began with. They are dead: 0 for every image, so that no gradient comes through. Pixels
# from 0 to 255 make the first steps so large that ReLU loses units to where it has no slope; divided by 255 they would
# not.

kernel, bias = model.layers[0].get_weights()
dead = ((x @ kernel + bias) <= 0).all(axis=0)
print(f"{dead.sum()} of the {len(dead)} units of the first layer are 0 for every image")
ax = plot.weights(model.layers[0], shape=(height, width), most=24)
save(ax, options.output, "09-weights")
