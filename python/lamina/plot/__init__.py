"""Pictures of data, of networks and of what they learned: `pip install 'lamina[plot]'` brings matplotlib.

- `boundary` and `neurons`: what a model, or each of its units, makes of a plane of two features.
- `network`: its units and weights; `weights`: those of a layer; `activation`: a function.
- `history`, `confusion`, `residuals` and `digits`: how training went, and what came of it.

Every function draws on the matplotlib ``Axes`` it is given as `ax`, on those of a new pyplot figure where that is None,
and returns them. None shows a window: ``ax.figure.savefig('picture.png')`` writes a file, a notebook shows the figure,
and elsewhere ``matplotlib.pyplot.show()`` does. Colours are those of Okabe and Ito, which people who see few colours
tell apart; what colour says, a shape, a dash or a number says too.
"""

from __future__ import annotations

from ._curves import activation, history, residuals
from ._graph import network
from ._plane import boundary
from ._tables import confusion, digits, weights
from ._units import neurons

__all__ = [
    "activation",
    "boundary",
    "confusion",
    "digits",
    "history",
    "network",
    "neurons",
    "residuals",
    "weights",
]
