"""PyTorch; gather and dropout included.

``eager`` runs the modules with the fused Adam. ``compile`` gives torch.compile the whole step as one
graph: gather, loss, gradients and Adam, called from generated C++; that is faster than to compile the
forward pass or ``optimizer.step`` alone.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import nn
from torch.optim.adam import adam

from workload import DROPOUT, LEARNING_RATE, Workload, load_data, parse_arguments, report, time_epochs

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def build(work: Workload, dropout: float = DROPOUT) -> nn.Sequential:
    """Return the workload's network, which gives logits; no dropout layers where ``dropout`` is 0."""
    layers: list[nn.Module] = []
    for fan_in, fan_out in pairwise(work.sizes[:-1]):
        layers += [nn.Linear(fan_in, fan_out), nn.ReLU()]
        if dropout:
            layers.append(nn.Dropout(dropout))
    return nn.Sequential(*layers, nn.Linear(*work.sizes[-2:]))


def eager_step(model: nn.Sequential, loss: Loss, x: torch.Tensor, y: torch.Tensor) -> Callable[[torch.Tensor], None]:
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE, fused=True)

    def step(rows: torch.Tensor) -> None:
        optimizer.zero_grad(set_to_none=True)
        loss(model(x[rows]), y[rows]).backward()
        optimizer.step()

    return step


def compiled_step(
    model: nn.Sequential, loss: Loss, x: torch.Tensor, y: torch.Tensor
) -> Callable[[torch.Tensor], object]:
    names = [name for name, _ in model.named_parameters()]
    weights = [weight.detach() for weight in model.parameters()]
    first = [torch.zeros_like(weight) for weight in weights]
    second = [torch.zeros_like(weight) for weight in weights]
    counts = [torch.zeros(()) for _ in weights]

    def mean_loss(weights: list[torch.Tensor], rows: torch.Tensor) -> torch.Tensor:
        named = dict(zip(names, weights, strict=True))
        return loss(torch.func.functional_call(model, named, (x[rows],)), y[rows])

    def step(rows: torch.Tensor) -> torch.Tensor:
        gradients, value = torch.func.grad_and_value(mean_loss)(weights, rows)
        # torch's own Adam, as torch.optim.Adam calls it
        adam(
            weights, gradients, first, second, [], counts,
            foreach=False, amsgrad=False, beta1=0.9, beta2=0.999, lr=LEARNING_RATE,
            weight_decay=0.0, eps=1e-8, maximize=False,
        )  # fmt: skip
        return value

    torch._inductor.config.cpp_wrapper = True
    return torch.no_grad()(torch.compile(step, fullgraph=True))


def main() -> None:
    work = parse_arguments(__doc__, variants=("eager", "compile"))
    torch.set_num_threads(work.threads)
    features, targets = load_data(work)
    x = torch.from_numpy(features.astype("float32"))
    y = torch.from_numpy(targets.astype("float32" if work.regression else "int64"))
    if work.regression:
        y = y[:, None]
    make_step = compiled_step if work.variant == "compile" else eager_step
    step = make_step(build(work), nn.MSELoss() if work.regression else nn.CrossEntropyLoss(), x, y)

    def epoch() -> None:
        for rows in torch.randperm(work.rows).split(work.batch):
            step(rows)

    report(time_epochs(work, epoch), work.flop_per_step)


if __name__ == "__main__":
    main()
