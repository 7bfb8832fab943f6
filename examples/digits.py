"""The digit recogniser of *Grokking Machine Learning*, chapter 10.

Trains on MNIST where `lamina.datasets.mnist` finds it, and otherwise on the smaller digits that come with the package.
"""

from __future__ import annotations

import os
import time

import numpy as np

from lamina.datasets import digits, mnist
from lamina.layers import Dense, Dropout
from lamina.models import Sequential
from lamina.utils import set_random_seed, to_categorical

SHADES = " .:-=+*#%@"


def load():
    """Return the images and labels to learn from, those to be tested on, and a number of epochs."""
    try:
        train, test = mnist.load_data()
    except FileNotFoundError:
        train, test = digits.load_data()
        print("MNIST is not at hand (LAMINA_DATA may name the folder that holds mnist/).")
        print("This trains on the digits packaged with lamina.")
        return train, test, 20
    print(f"This trains on MNIST, from {os.environ.get('LAMINA_DATA') or 'the cache'}.")
    return train, test, 10


def draw(image):
    """Return an image as lines of text; a character is about twice as high as wide."""
    if len(image) > 10:
        image = image[2:-2, 2:-2].reshape(-1, 2, image.shape[1] - 4).mean(axis=1)
    else:
        image = image.repeat(2, axis=1)
    levels = (image / image.max() * (len(SHADES) - 1)).round().astype(int)
    return ["".join(SHADES[level] for level in row) for row in levels]


def show(title, images, labels, guesses, rows):
    """Print some images side by side, each with what it is and what the network took it for."""
    print(f"\n{title}")
    drawings = [draw(images[row]) for row in rows]
    width = len(drawings[0][0]) + 2 if drawings else 0
    print("".join(f"{f'a {labels[row]}, read as {guesses[row]}':<{width}}" for row in rows).rstrip())
    for lines in zip(*drawings, strict=True):
        print("".join(f"{line:<{width}}" for line in lines).rstrip())


def main():
    set_random_seed(1)
    (x_train, y_train), (x_test, y_test), epochs = load()
    features = x_train[0].size
    print(f"{len(x_train)} images to learn from, {len(x_test)} to be tested on, {features} pixels each.\n")

    model = Sequential()
    model.add(Dense(128, activation="relu", input_shape=(features,)))
    model.add(Dropout(0.2))
    model.add(Dense(64, activation="relu"))
    model.add(Dropout(0.2))
    model.add(Dense(10, activation="softmax"))
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    model.summary()

    start = time.perf_counter()
    model.fit(x_train.reshape(-1, features), to_categorical(y_train, 10), epochs=epochs, batch_size=10)
    print(f"\nTrained in {time.perf_counter() - start:.1f} s.")

    _, accuracy = model.evaluate(x_test.reshape(-1, features), to_categorical(y_test, 10), verbose=0)
    print(f"Test accuracy: {accuracy:.4f}")

    guesses = model.predict(x_test.reshape(-1, features), verbose=0).argmax(axis=1)
    show("Read right:", x_test, y_test, guesses, np.flatnonzero(guesses == y_test)[:3])
    show("Read wrong:", x_test, y_test, guesses, np.flatnonzero(guesses != y_test)[:3])


if __name__ == "__main__":
    main()
