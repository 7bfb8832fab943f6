"""A whole process with PyTorch, eager: import to predict."""

from __future__ import annotations

import torch
from torch import nn

from circle import BATCH, DROPOUT, EPOCHS, HIDDEN, load_circle, report

features, classes = load_circle()
x, y = torch.from_numpy(features), torch.from_numpy(classes)
model = nn.Sequential(
    nn.Linear(2, HIDDEN[0]),
    nn.ReLU(),
    nn.Dropout(DROPOUT),
    nn.Linear(HIDDEN[0], HIDDEN[1]),
    nn.ReLU(),
    nn.Dropout(DROPOUT),
    nn.Linear(HIDDEN[1], 2),
)
optimizer = torch.optim.Adam(model.parameters(), fused=True)
criterion = nn.CrossEntropyLoss()
for _ in range(EPOCHS):
    for rows in torch.randperm(len(x)).split(BATCH):
        optimizer.zero_grad(set_to_none=True)
        criterion(model(x[rows]), y[rows]).backward()
        optimizer.step()
model.eval()
with torch.inference_mode():
    report(model(x).argmax(dim=1).numpy(), classes)
