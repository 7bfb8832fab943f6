"""JAX: gather, dropout, gradients and Adam (from optax) compiled as one program.

``scan`` compiles a whole epoch with ``lax.scan``; ``step`` calls a compiled step from Python. XLA takes
its threads from the CPUs that the process may run on, so ``--threads`` is the runner's pinning.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from workload import DROPOUT, LEARNING_RATE, Workload, load_data, parse_arguments, report, time_epochs

Carry = Any  # weights, optimizer state, random key
Step = Callable[[Carry, Any], tuple[Carry, jax.Array]]


def initial_weights(work: Workload) -> list[tuple[jax.Array, jax.Array]]:
    """Return kernel and bias of each layer, as Keras begins: Glorot's uniform, and zeros."""
    generator = np.random.default_rng(2)
    weights = []
    for fan_in, fan_out in pairwise(work.sizes):
        limit = np.sqrt(6 / (fan_in + fan_out))
        kernel = generator.uniform(-limit, limit, (fan_in, fan_out))
        weights.append((jnp.asarray(kernel, jnp.float32), jnp.zeros(fan_out, jnp.float32)))
    return weights


def forward(weights, batch, key):
    """Return the logits; dropout after each hidden layer."""
    *hidden, (kernel, bias) = weights
    mask_keys = jax.random.split(key, len(hidden))
    for (hidden_kernel, hidden_bias), mask_key in zip(hidden, mask_keys, strict=True):
        batch = jax.nn.relu(batch @ hidden_kernel + hidden_bias)
        kept = jax.random.bernoulli(mask_key, 1 - DROPOUT, batch.shape)
        batch = jnp.where(kept, batch / (1 - DROPOUT), 0.0)
    return batch @ kernel + bias


def make_step(work: Workload) -> tuple[Step, Carry]:
    """Return the training step on the rows of a batch, and what the first is given."""
    features, targets = load_data(work)
    x = jnp.asarray(features, dtype=jnp.float32)
    y = jnp.asarray(targets, dtype=jnp.float32 if work.regression else jnp.int32)
    optimizer = optax.adam(LEARNING_RATE)

    def mean_loss(weights, rows, key):
        outputs = forward(weights, x[rows], key)
        if work.regression:
            return jnp.mean((outputs[:, 0] - y[rows]) ** 2)
        return optax.softmax_cross_entropy_with_integer_labels(outputs, y[rows]).mean()

    def step(carry, rows):
        weights, state, key = carry
        key, step_key = jax.random.split(key)
        loss, gradients = jax.value_and_grad(mean_loss)(weights, rows, step_key)
        updates, state = optimizer.update(gradients, state)
        return (optax.apply_updates(weights, updates), state, key), loss

    weights = initial_weights(work)
    return step, (weights, optimizer.init(weights), jax.random.key(0))


def main() -> None:
    work = parse_arguments(__doc__, variants=("scan", "step"))
    step, carry = make_step(work)
    shuffler = np.random.default_rng(3)
    scan = jax.jit(lambda carry, order: jax.lax.scan(step, carry, order))
    one = jax.jit(step, donate_argnums=0)  # the carry's buffers are used again

    def epoch() -> None:
        nonlocal carry
        order = shuffler.permutation(work.rows).reshape(work.steps, work.batch)
        if work.variant == "scan":
            carry, _ = scan(carry, order)
        else:
            for rows in order:
                carry, _ = one(carry, rows)
        jax.block_until_ready(carry)

    report(time_epochs(work, epoch), work.flop_per_step)


if __name__ == "__main__":
    main()
