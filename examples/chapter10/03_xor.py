"""
3. A network by hand, and XOR
=============================

What a network computes is no more than sums and an activation function, layer by layer. This evaluates one with pencil
and paper, then builds the gate that no perceptron can be, XOR, and at last lets a network learn it.
"""

import numpy as np
from matplotlib import pyplot as plt

from _common import arguments, of_five_seeds, save
from lamina import plot
from lamina.layers import Dense
from lamina.models import Sequential
from lamina.optimizers import Adam

options = arguments("A sigmoid network by hand, and XOR by hand and learned.")

# %%
# By hand
# -------
# Two features, two hidden units and one output, with sigmoids everywhere.

model = Sequential([Dense(2, activation="sigmoid", input_shape=(2,)), Dense(1, activation="sigmoid")])
model.set_weights([[[2, -1], [-3, 4]], [1, -2], [[1.5], [-2.5]], [0.5]])
save(plot.network(model), options.output, "03-network")


def sigmoid(z):
    """Return 1 / (1 + exp(-z))."""
    return 1 / (1 + np.exp(-z))


h1 = sigmoid(2 * 1 - 3 * 1 + 1)
h2 = sigmoid(-1 * 1 + 4 * 1 - 2)
output = sigmoid(1.5 * h1 - 2.5 * h2 + 0.5)
print(f"for the input (1, 1): sigmoid(0) = {h1:.4f}, sigmoid(1) = {h2:.4f}")
print(f"and sigmoid(1.5 * {h1:.4f} - 2.5 * {h2:.4f} + 0.5) = {output:.4f}")
assert abs(model.predict([[1, 1]])[0, 0] - output) < 1e-6

# %%
# XOR, with weights by hand
# -------------------------
# XOR is 1 where one input is 1 and the other is not: where OR is 1 and AND is not. OR is the perceptron x1 + x2 - 0.5,
# NAND, the contrary of AND, -x1 - x2 + 1.5, and the output their AND.

x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
y = np.array([0, 1, 1, 0])

xor = Sequential([Dense(2, activation="step", input_shape=(2,)), Dense(1, activation="step")])
xor.set_weights([[[1, -1], [1, -1]], [-0.5, 1.5], [[1], [1]], [-1.5]])
table = xor.predict(x)[:, 0].astype(int)
for inputs, result in zip(x, table, strict=True):
    print(f"{inputs[0]} XOR {inputs[1]} = {result}")
assert (table == y).all()
save(plot.network(xor), options.output, "03-xor-network")
save(plot.neurons(xor, x, y), options.output, "03-xor-neurons")

# %%
# XOR, learned
# ------------
# A step has no slope to learn from, so the hidden units are tanh here and the output is a sigmoid. Four units make it
# easy; with two, some beginnings end where no small change helps.


def learn(units):
    """Train a network with so many hidden units; return the share of the four rows that it gets right."""
    model = Sequential([Dense(units, activation="tanh", input_shape=(2,)), Dense(1, activation="sigmoid")])
    model.compile(loss="binary_crossentropy", optimizer=Adam(0.05), metrics=["accuracy"])
    history = model.fit(x, y, epochs=400, batch_size=4, verbose=0)
    learned[units] = model, history
    return model.evaluate(x, y, verbose=0)[1]


learned = {}
assert of_five_seeds(lambda: learn(4), "accuracy with 4 hidden units") == 1.0

model, history = learned[4]
figure, (left, right) = plt.subplots(1, 2, figsize=(9.6, 4.0), layout="constrained")
plot.history(history, left, legend=False)
left.set_title("the loss while it learns")
plot.boundary(model, x, y, right, surface="probability", names=["0", "1"])
right.set_title("what it has learned")
save(figure, options.output, "03-xor-learned")
