r"""
5. The error function
=====================

A network that gives probabilities is judged by the log loss, the negative logarithm of the probability it gave to what
was true. Regularization adds a price of large weights, and softmax makes probabilities of any numbers.
"""

import numpy as np
from matplotlib import pyplot as plt

from _common import arguments, save
from lamina import activations, datasets
from lamina.layers import Dense
from lamina.losses import BinaryCrossentropy
from lamina.models import Sequential
from lamina.regularizers import L1, L2

BLUE, VERMILION, GREEN = "#0072B2", "#D55E00", "#009E73"
options = arguments("Log loss, regularization and softmax.")

# %%
# The log loss
# ------------
# A prediction p costs -ln p where the label is 1, and -ln(1 - p) where it is 0. To be sure and wrong is expensive.

log_loss = BinaryCrossentropy()
for label, probability in ((1, 0.953), (0, 0.953), (1, 0.5)):
    loss = float(log_loss([[label]], [[probability]]))
    print(f"label {label}, probability {probability}: the log loss is {loss:.4f}")
    assert abs(loss + np.log(probability if label else 1 - probability)) < 1e-5

p = np.linspace(0.005, 0.995, 400)
figure, ax = plt.subplots(figsize=(6.4, 3.8), layout="constrained")
ax.plot(p, -np.log(p), color=BLUE, label="label 1: $-\\ln p$")
ax.plot(p, -np.log(1 - p), color=VERMILION, linestyle="dashed", label="label 0: $-\\ln(1 - p)$")
ax.set(xlabel="predicted probability p of label 1", ylabel="log loss", xlim=(0, 1), ylim=(0, 5.5))
ax.spines[["top", "right"]].set_visible(False)
ax.legend(loc="upper center", frameon=False)
save(figure, options.output, "05-log-loss")

# %%
# With L1 and L2
# --------------
# L1 adds λ times the sum of the weights' absolute values, L2 λ times that of their squares; biases are free. The alien
# net's weights are 6, 10, 10, 6, 1 and 1, so L2 adds (36 + 100 + 100 + 36 + 1 + 1) λ = 274 λ, and L1 34 λ.

x, y = datasets.aliens()


def error(regularizer):
    """Return the error of the alien net, its weights set by hand: the mean log loss and the price of its weights."""
    model = Sequential()
    model.add(Dense(2, activation="sigmoid", input_shape=(2,), kernel_regularizer=regularizer))
    model.add(Dense(1, activation="sigmoid", kernel_regularizer=regularizer))
    model.set_weights([[[6, 10], [10, 6]], [-15, -15], [[1], [1]], [-1.5]])
    model.compile(loss="binary_crossentropy", optimizer="sgd")
    return model.evaluate(x, y, verbose=0)


RATES = (0.001, 0.003, 0.01)
plain = error(None)
print(f"the mean log loss of the alien net: {plain:.4f}")
for rate in RATES:
    print(f"λ = {rate}: with L1 {error(L1(rate)):.4f}, with L2 {error(L2(rate)):.4f}")
    assert abs(error(L1(rate)) - plain - 34 * rate) < 1e-5
    assert abs(error(L2(rate)) - plain - 274 * rate) < 1e-5

figure, ax = plt.subplots(figsize=(6.8, 3.8), layout="constrained")
names = [f"{kind}\nλ = {rate}" for kind in ("L1", "L2") for rate in RATES]
prices = [term * rate for term in (34, 274) for rate in RATES]
ax.bar(names, plain, color=BLUE, width=0.6, label="log loss")
bars = ax.bar(names, prices, bottom=plain, color="#E69F00", hatch="//", edgecolor="white", width=0.6, label="penalty")
ax.bar_label(bars, [f"+{price:.3g}" for price in prices], padding=2)
ax.set(ylabel="error", ylim=(0, plain + max(prices) * 1.1))
ax.spines[["top", "right"]].set_visible(False)
ax.legend(loc="upper left", frameon=False)
save(figure, options.output, "05-regularization")

# %%
# Softmax
# -------
# Softmax of (0, 3, 1, 1) is each number's exponential divided by the sum of them all.

scores = [0.0, 3.0, 1.0, 1.0]
shares = activations.softmax([scores])[0]
print(f"softmax(0, 3, 1, 1) = ({', '.join(f'{share:.4f}' for share in shares)})")
assert [round(float(share), 4) for share in shares] == [0.0377, 0.7573, 0.1025, 0.1025]

figure, panels = plt.subplots(1, 3, figsize=(9.6, 3.2), layout="constrained")
stages = {"scores": (scores, BLUE), "exponentials": (np.exp(scores), VERMILION), "softmax": (shares, GREEN)}
for ax, (title, (values, colour)) in zip(panels, stages.items(), strict=True):
    bars = ax.bar(["A", "B", "C", "D"], values, color=colour, width=0.6)
    ax.bar_label(bars, [f"{value:.4g}" for value in values], padding=2)
    ax.set(title=title, ylim=(0, max(values) * 1.15), xlabel="class")
    ax.spines[["top", "right"]].set_visible(False)
save(figure, options.output, "05-softmax")
