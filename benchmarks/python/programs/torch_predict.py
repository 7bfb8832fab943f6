"""PyTorch's inference, tensor in, tensor out: ``eager``, ``trace`` (traced and frozen) or ``compile``."""

from __future__ import annotations

import torch
from torch import nn

from torch_fit import build
from workload import parse_arguments, random_rows, report, time_calls


def main() -> None:
    work = parse_arguments(__doc__, variants=("eager", "trace", "compile"))
    torch.set_num_threads(work.inference_threads)
    x = torch.from_numpy(random_rows(work, work.batch))
    model = nn.Sequential(*build(work, dropout=0), nn.Softmax(-1)).eval()
    with torch.inference_mode():
        if work.variant == "trace":
            model = torch.jit.freeze(torch.jit.trace(model, x))
        elif work.variant == "compile":
            model = torch.compile(model)
        report(time_calls(work, lambda: model(x)), work.flop_per_call)


if __name__ == "__main__":
    main()
