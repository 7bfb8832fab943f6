r"""
6. Backpropagation by hand
==========================

Training moves every weight a little against its gradient. Backpropagation is how the gradients are found: from the
error back through the layers, by the chain rule. This does it for a tiny net number by number, and looks at one step.
"""

import numpy as np
from matplotlib import pyplot as plt

from _common import arguments, save
from lamina import datasets, plot
from lamina.layers import Dense
from lamina.models import Sequential
from lamina.optimizers import SGD

options = arguments("Backpropagation number by number, and a picture of one step.")

# %%
# Forwards
# --------
# Two features, two hidden units, one output, sigmoids everywhere; one sample, x = (1, 2), whose label is 1.

x, y = np.array([1.0, 2.0]), 1.0
kernel1, bias1 = np.array([[0.5, -1.0], [0.25, 0.75]]), np.array([-0.5, 0.5])  # a column a hidden unit
kernel2, bias2 = np.array([2.0, -1.0]), 0.25


def sigmoid(z):
    """Return 1 / (1 + exp(-z))."""
    return 1 / (1 + np.exp(-z))


h = sigmoid(x @ kernel1 + bias1)
p = sigmoid(h @ kernel2 + bias2)
loss = -np.log(p)
print(f"hidden units: {h[0]:.4f} and {h[1]:.4f}, output: {p:.4f}, log loss: {loss:.4f}")

# %%
# Backwards
# ---------
# The derivative of the log loss by the sum before the output's sigmoid is p - y: the sigmoid's own derivative cancels.
# From there the chain rule goes back: a weight's gradient is the value it was multiplied by, times what came back.

d_output = p - y
d_kernel2 = d_output * h
d_bias2 = d_output
d_hidden = d_output * kernel2 * h * (1 - h)  # h (1 - h) is the sigmoid's derivative
d_kernel1 = np.outer(x, d_hidden)
d_bias1 = d_hidden
print(f"by the output's sum: {d_output:+.4f}")
print(f"by the output's weights: {d_kernel2[0]:+.4f}, {d_kernel2[1]:+.4f}, by its bias {d_bias2:+.4f}")
print(f"by the hidden sums: {d_hidden[0]:+.4f}, {d_hidden[1]:+.4f}")
print(f"by the hidden weights: {', '.join(f'{value:+.4f}' for value in d_kernel1.ravel())}")

# %%
# What ``model.gradients`` gives is the same, to the last digits.

model = Sequential([Dense(2, activation="sigmoid", input_shape=(2,)), Dense(1, activation="sigmoid")], dtype="float64")
model.set_weights([kernel1, bias1, kernel2.reshape(2, 1), [bias2]])
model.compile(loss="binary_crossentropy", optimizer=SGD(0.5))
found_loss, gradients = model.gradients([x], [y])
by_hand = [d_kernel1, d_bias1, d_kernel2.reshape(2, 1), [d_bias2]]
assert abs(found_loss - loss) < 1e-12
assert all(np.allclose(found, own, rtol=0, atol=1e-12) for found, own in zip(gradients, by_hand, strict=True))

figure, (left, right) = plt.subplots(1, 2, figsize=(11.0, 4.6), layout="constrained")
inputs = ["$x_1 = 1$", "$x_2 = 2$"]
plot.network(model, left, features=inputs)
left.set_title("the weights")
plot.network(
    model,
    right,
    weights=gradients,
    features=["$x_1 = 1$", "$x_2 = 2$"],
    signs=("positive gradient", "negative gradient"),
)
right.set_title("their gradients")
save(figure, options.output, "06-gradients")

# %%
# A step of gradient descent with the learning rate 0.5 takes half of each gradient away from its weight. The sample's
# loss goes down.

model.fit([x], [y], epochs=1, verbose=0)
for new, own, old in zip(model.get_weights(), by_hand, (kernel1, bias1, kernel2.reshape(2, 1), [bias2]), strict=True):
    assert np.allclose(new, np.asarray(old) - 0.5 * np.asarray(own), rtol=0, atol=1e-12)
after = model.evaluate(np.array([x]), np.array([y]), verbose=0)
print(f"the loss after a step: {after:.4f}")
assert after < loss

# %%
# One step for all aliens
# -----------------------
# The same for the eight sentences of the alien planet at once: the boundary before and after a step, with a rate so
# large that one sees it move, and what the step added to each weight.

aliens, moods = datasets.aliens()
net = Sequential([Dense(2, activation="sigmoid", input_shape=(2,)), Dense(1, activation="sigmoid")])
net.set_weights([[[0.9, 2.0], [1.6, 0.4]], [-2.0, -2.5], [[1.2], [1.5]], [-1.5]])
net.compile(loss="binary_crossentropy", optimizer=SGD(10.0))
weights = net.get_weights()
losses = [net.evaluate(aliens, moods, verbose=0)]

figure, panels = plt.subplots(1, 3, figsize=(14.0, 4.6), width_ratios=(1, 1, 1.3), layout="constrained")
plot.boundary(net, aliens, moods, panels[0], surface="probability", names=["sad", "happy"], legend=False)
net.fit(aliens, moods, batch_size=len(aliens), epochs=1, verbose=0)
losses.append(net.evaluate(aliens, moods, verbose=0))
plot.boundary(net, aliens, moods, panels[1], surface="probability", names=["sad", "happy"], legend=False)
for ax, title, error in zip(panels, ("before", "after one step"), losses, strict=False):
    ax.set(title=f"{title}: loss {error:.3f}", xlabel="aack", ylabel="beep")
added = [new - old for new, old in zip(net.get_weights(), weights, strict=True)]
plot.network(net, panels[2], weights=added, features=["aack", "beep"], signs=("raised", "lowered"))
panels[2].set_title("what the step added")
figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower left", ncols=2, frameon=False)
save(figure, options.output, "06-one-step")
print(f"all aliens: the loss {losses[0]:.4f} becomes {losses[1]:.4f}")
assert losses[1] < losses[0]
