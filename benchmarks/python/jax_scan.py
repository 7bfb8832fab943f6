"""JAX: a whole epoch compiled as one ``lax.scan``, gather and dropout inside, Adam from optax.

XLA takes its threads from the CPUs that the process may run on, so ``--threads`` is the runner's
pinning.
"""

from __future__ import annotations

from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import optax

from workload import DROPOUT, load_data, parse_arguments, report, time_epochs


def main() -> None:
    work = parse_arguments(__doc__)
    features, targets = load_data(work)
    x = jnp.asarray(features, dtype=jnp.float32)
    y = jnp.asarray(targets, dtype=jnp.float32 if work.regression else jnp.int32)

    shuffler = np.random.default_rng(1)
    weights = []
    for fan_in, fan_out in pairwise(work.sizes):
        limit = np.sqrt(6 / (fan_in + fan_out))
        kernel = shuffler.uniform(-limit, limit, (fan_in, fan_out))
        weights.append((jnp.asarray(kernel, jnp.float32), jnp.zeros(fan_out, jnp.float32)))
    optimizer = optax.adam(1e-3)

    def forward(weights, batch, key):
        *hidden, (kernel, bias) = weights
        mask_keys = jax.random.split(key, len(hidden))
        for (hidden_kernel, hidden_bias), mask_key in zip(hidden, mask_keys, strict=True):
            batch = jax.nn.relu(batch @ hidden_kernel + hidden_bias)
            kept = jax.random.bernoulli(mask_key, 1 - DROPOUT, batch.shape)
            batch = jnp.where(kept, batch / (1 - DROPOUT), 0.0)
        return batch @ kernel + bias

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

    compiled = jax.jit(lambda carry, order: jax.lax.scan(step, carry, order))
    carry = (weights, optimizer.init(weights), jax.random.key(0))

    def epoch() -> None:
        nonlocal carry
        order = shuffler.permutation(work.rows).reshape(work.steps, work.batch)
        carry, _ = jax.block_until_ready(compiled(carry, order))

    seconds = time_epochs(work, epoch)
    report(work, seconds, {"jax": jax.__version__, "optax": optax.__version__})


if __name__ == "__main__":
    main()
