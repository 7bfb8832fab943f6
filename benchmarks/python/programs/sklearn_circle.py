"""A whole process with scikit-learn, which has no dropout: import to predict."""

from __future__ import annotations

from sklearn.neural_network import MLPClassifier

from circle import BATCH, EPOCHS, HIDDEN, load_circle, report

x, y = load_circle()
# all epochs: it may not stop for want of progress
model = MLPClassifier(HIDDEN, batch_size=BATCH, alpha=0.0, max_iter=EPOCHS, n_iter_no_change=EPOCHS)
model.fit(x, y)
report(model.predict(x), y)
