"""A whole process with lamina: import, build, compile, 100 epochs on 110 rows, predict."""

from __future__ import annotations

from circle import BATCH, DROPOUT, EPOCHS, HIDDEN, load_circle, report
from lamina.layers import Dense, Dropout
from lamina.models import Sequential
from lamina.utils import to_categorical

x, y = load_circle()
model = Sequential()
model.add(Dense(HIDDEN[0], activation="relu", input_shape=(2,)))
model.add(Dropout(DROPOUT))
model.add(Dense(HIDDEN[1], activation="relu"))
model.add(Dropout(DROPOUT))
model.add(Dense(2, activation="softmax"))
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
model.fit(x, to_categorical(y, 2), epochs=EPOCHS, batch_size=BATCH, verbose=0)
report(model.predict(x).argmax(axis=1), y)
