"""PyTorch, eager, with the fused Adam; gather and dropout included."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn

from workload import DROPOUT, load_data, parse_arguments, report, time_epochs


def main() -> None:
    work = parse_arguments(__doc__)
    torch.set_num_threads(work.threads)
    features, targets = load_data(work)
    x = torch.from_numpy(features.astype("float32"))
    y = torch.from_numpy(targets.astype("float32" if work.regression else "int64"))

    layers: list[nn.Module] = []
    for fan_in, fan_out in pairwise(work.sizes):
        layers += [nn.Linear(fan_in, fan_out), nn.ReLU(), nn.Dropout(DROPOUT)]
    model = nn.Sequential(*layers[:-2])  # the last layer gives logits
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    criterion = nn.MSELoss() if work.regression else nn.CrossEntropyLoss()
    if work.regression:
        y = y[:, None]

    def epoch() -> None:
        for rows in torch.randperm(work.rows).split(work.batch):
            optimizer.zero_grad(set_to_none=True)
            criterion(model(x[rows]), y[rows]).backward()
            optimizer.step()

    seconds = time_epochs(work, epoch)
    report(work, seconds, {"torch": torch.__version__})


if __name__ == "__main__":
    main()
