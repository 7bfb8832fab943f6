"""A whole process with Keras, on the backend that KERAS_BACKEND names: import to predict."""

from __future__ import annotations

from keras.layers import Dense, Dropout, Input
from keras.models import Sequential
from keras.utils import to_categorical

from circle import BATCH, DROPOUT, EPOCHS, HIDDEN, load_circle, report

x, y = load_circle()
model = Sequential()
model.add(Input((2,)))
model.add(Dense(HIDDEN[0], activation="relu"))
model.add(Dropout(DROPOUT))
model.add(Dense(HIDDEN[1], activation="relu"))
model.add(Dropout(DROPOUT))
model.add(Dense(2, activation="softmax"))
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
model.fit(x, to_categorical(y, 2), epochs=EPOCHS, batch_size=BATCH, verbose=0)
report(model.predict(x, verbose=0).argmax(axis=1), y)
