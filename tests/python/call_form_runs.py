"""The call forms of training, data, callbacks, printing and saving, for `call_forms.py`."""

from __future__ import annotations

from call_form_parts import CLASSES, LINE, ONE_WEIGHT, Form, outputs

RUNNING: dict[str, Form] = {
    "fit's History": (
        CLASSES + "history = model.fit(x, y, epochs=2, batch_size=10, verbose=0)\n"
        "(history.epoch, history.params, history.model is model, sorted(history.history),"
        " len(history.history['loss']), type(history.history['loss'][0]).__name__)",
        [[0, 1], {"epochs": 2, "steps": 4, "verbose": 0}, True, ["accuracy", "loss"], 2, "float"],
    ),
    "batches of 32, the last in part": (CLASSES + "model.fit(x, y, verbose=0).params['steps']", 2),
    "rows are shuffled": (
        """
def train(**options):
    set_random_seed(1)
    x = np.random.default_rng(1).normal(size=(64, 2))
    model = Sequential([Dense(1, input_shape=(2,))])
    model.compile(optimizer='sgd', loss='mse')
    model.fit(x, x[:, 0], batch_size=4, verbose=0, **options)
    return model.get_weights()[0].ravel().tolist()

shuffled = train()
(shuffled == train(), shuffled == train(shuffle=True), shuffled == train(shuffle=False))
""",
        [True, True, False],
    ),
    "validation_split takes the last rows": (
        LINE + "model.compile(optimizer=SGD(0.0), loss='mse')\n"
        "history = model.fit(x, np.zeros(4), validation_split=.5, verbose=0).history\n"
        "history['loss'], history['val_loss']",
        [[5.0], [37.0]],
    ),
    "validation_data is used rather": (
        LINE + "model.compile(optimizer=SGD(0.0), loss='mse')\n"
        "history = model.fit(x, np.zeros(4), validation_split=.5, validation_data=(x[1:2], np.zeros(1)), verbose=0)\n"
        "history.history['loss'], history.history['val_loss']",
        [[21.0], [9.0]],
    ),
    "validation_data with weights": (
        LINE + "model.compile(optimizer=SGD(0.0), loss='mse')\n"
        "history = model.fit(x, np.zeros(4), validation_data=(x[:2], np.zeros(2), np.array([4., 0.])), verbose=0)\n"
        "history.history['val_loss']",
        [2.0],
    ),
    "validation_freq": (
        CLASSES + "history = model.fit(x, y, epochs=5, validation_split=.2, validation_freq=2, verbose=0).history\n"
        "len(history['loss']), len(history['val_loss'])",
        [5, 2],
    ),
    "steps_per_epoch": (CLASSES + "model.fit(x, y, steps_per_epoch=2, batch_size=5, verbose=0).params['steps']", 2),
    "initial_epoch": (CLASSES + "model.fit(x, y, epochs=5, initial_epoch=3, verbose=0).epoch", [3, 4]),
    "class_weight, of an absent class 1": (
        outputs("softmax", 2) + "model.compile(optimizer=SGD(0.0), loss='sparse_categorical_crossentropy')\n"
        "model.fit(np.zeros((2, 2)), np.array([0, 1]), class_weight={0: 3.}, verbose=0).history['loss']",
        [0.6931472 * (3 + 1) / 2],
    ),
    "class_weight or sample_weight": (
        CLASSES + "model.fit(x, y, class_weight={0: 3.}, sample_weight=np.ones(33), verbose=0)",
        ValueError,
    ),
    "evaluate: a number": (
        LINE + "model.compile(optimizer='sgd', loss='mse')\ntype(model.evaluate(x, np.zeros(4), verbose=0)).__name__",
        "float",
    ),
    "evaluate: a list": (
        LINE + "model.compile(optimizer='sgd', loss='mse', metrics=['mae'])\nmodel.evaluate(x, np.zeros(4), verbose=0)",
        [21.0, 4.0],
    ),
    "evaluate: a dict": (
        LINE + "model.compile(optimizer='sgd', loss='mse', metrics=['mae'])\n"
        "model.evaluate(x, np.zeros(4), verbose=0, return_dict=True)",
        {"loss": 21.0, "mae": 4.0},
    ),
    "predict": (
        LINE + "predictions = model.predict(x, verbose=0)\npredictions, str(predictions.dtype)",
        [[[1.0], [3.0], [5.0], [7.0]], "float32"],
    ),
    "train_on_batch": (
        ONE_WEIGHT + "model.compile(optimizer=SGD(.25), loss='mse')\n"
        "float(model.train_on_batch(x, y)), float(model.train_on_batch(x, y)), model.get_weights()[0].item()",
        [1.0, 0.25, 0.25],
    ),
    "test_on_batch": (
        LINE + "model.compile(optimizer='sgd', loss='mse', metrics=['mae'])\n"
        "{key: float(value) for key, value in model.test_on_batch(x, np.zeros(4), return_dict=True).items()}",
        {"loss": 21.0, "mae": 4.0},
    ),
    "predict_on_batch": (LINE + "np.array(model.predict_on_batch(x))", [[1.0], [3.0], [5.0], [7.0]]),
}

# Data of every kind train and are predicted as the same numbers in float32.
KINDS = {
    "float64": ("x.astype(np.float64)", "y"),
    "uint8, as MNIST's": ("x.astype(np.uint8)", "y.astype(np.uint8)"),
    "int64": ("x.astype(np.int64)", "y"),
    "a DataFrame and a Series": ("pd.DataFrame(x.astype(np.int64), columns=['a', 'b'])", "pd.Series(y)"),
    "codes of 32 bits": ("x", "y.astype(np.int32)"),
}
DATA: dict[str, Form] = {
    name: (
        f"""
def train(x, y):
    set_random_seed(1)
    model = Sequential([Dense(4, activation='relu', input_shape=(2,)), Dense(3, activation='softmax')])
    model.compile(optimizer='sgd', loss='sparse_categorical_crossentropy', metrics=['accuracy'])
    model.fit(x, y, epochs=2, batch_size=8, shuffle=False, verbose=0)
    return np.append(model.evaluate(x, y, verbose=0), model.predict(x, verbose=0))

x = np.random.default_rng(1).integers(0, 5, (20, 2)).astype(np.float32)
y = np.arange(20) % 3
bool(np.allclose(train({x}, {y}), train(x, y), atol=1e-6))
""",
        True,
    )
    for name, (x, y) in KINDS.items()
}
DATA["one-hot rows"] = (
    "y = np.array([0, 1, 1])\ncategorized_y = np.array(to_categorical(y, 2))\ncategorized_y",
    [[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]],
)

CALLBACKS: dict[str, Form] = {
    "hooks": (
        CLASSES
        + """
called = []
class Recorder(Callback):
    def set_params(self, params):
        super().set_params(params)
        called.append('set_params')
    def set_model(self, model):
        super().set_model(model)
        called.append('set_model')

def record(hook):
    setattr(Recorder, hook, lambda self, *arguments, **logs: called.append(hook))

for when in ('begin', 'end'):
    for what in ('train', 'test', 'predict'):
        record(f'on_{what}_{when}')
        record(f'on_{what}_batch_{when}')
    record(f'on_epoch_{when}')
recorder = Recorder()
model.fit(x, y, validation_data=(x[:3], y[:3]), batch_size=33, verbose=0, callbacks=[recorder])
model.predict(x, batch_size=33, verbose=0, callbacks=[recorder])
given = {name for name in called if name.startswith('set')}
[name for name in called if name not in given], sorted(given), recorder.model is model
""",
        [
            [
                *("on_train_begin", "on_epoch_begin", "on_train_batch_begin", "on_train_batch_end"),
                *("on_test_begin", "on_test_batch_begin", "on_test_batch_end", "on_test_end"),
                *("on_epoch_end", "on_train_end"),
                *("on_predict_begin", "on_predict_batch_begin", "on_predict_batch_end", "on_predict_end"),
            ],
            ["set_model", "set_params"],
            True,
        ],
    ),
    "model.stop_training": (
        CLASSES
        + """
class Stop(Callback):
    def on_epoch_end(self, epoch, logs=None):
        self.model.stop_training = epoch == 1

model.fit(x, y, epochs=5, verbose=0, callbacks=[Stop()]).epoch
""",
        [0, 1],
    ),
    "EarlyStopping": (
        LINE
        + """
model.compile(optimizer=SGD(0.0), loss='mse')
early = EarlyStopping(monitor='val_loss', min_delta=0, patience=2, mode='min', baseline=None,
                      restore_best_weights=True, start_from_epoch=1)
model.fit(x, np.zeros(4), epochs=9, validation_split=.5, verbose=0, callbacks=[early]).epoch
""",
        [0, 1, 2, 3],
    ),
    "EarlyStopping, a baseline": (
        LINE + "model.compile(optimizer=SGD(0.0), loss='mse')\n"
        "early = EarlyStopping('loss', baseline=1.0, patience=1)\n"
        "model.fit(x, np.zeros(4), epochs=9, verbose=0, callbacks=[early]).epoch",
        [0, 1],
    ),
    "ModelCheckpoint counts from 1": (
        CLASSES + "saved = ModelCheckpoint('w{epoch:02d}.weights.h5', save_weights_only=True, save_freq='epoch')\n"
        "model.fit(x, y, epochs=2, verbose=0, callbacks=[saved])\nsorted(path.name for path in Path().iterdir())",
        ["w01.weights.h5", "w02.weights.h5"],
    ),
    "ModelCheckpoint of the best": (
        LINE + "model.compile(optimizer=SGD(0.0), loss='mse')\n"
        "best = ModelCheckpoint('{epoch}.keras', monitor='loss', save_best_only=True)\n"
        "model.fit(x, np.zeros(4), epochs=3, verbose=0, callbacks=[best])\n"
        "[path.name for path in Path().iterdir()]",
        ["1.keras"],
    ),
    "ReduceLROnPlateau": (
        LINE + "model.compile(optimizer=SGD(.001), loss='mse')\n"
        "reduce = ReduceLROnPlateau(monitor='loss', min_delta=100., patience=1)\n"
        "history = model.fit(x, np.zeros(4), epochs=3, verbose=0, callbacks=[reduce]).history\n"
        "history['learning_rate']",
        [0.001, 0.001, 0.0001],
    ),
    "ReduceLROnPlateau's defaults": (
        "made = ReduceLROnPlateau()\nmade.factor, made.patience, made.min_delta, made.cooldown, made.min_lr",
        [0.1, 10, 1e-4, 0, 0],
    ),
    "LearningRateScheduler": (
        CLASSES + "halve = LearningRateScheduler(lambda epoch, lr: lr / 2)\n"
        "model.fit(x, y, epochs=2, verbose=0, callbacks=[halve]).history['learning_rate']",
        [0.0005, 0.00025],
    ),
    "LearningRateScheduler must have a float": (
        CLASSES + "model.fit(x, y, verbose=0, callbacks=[LearningRateScheduler(lambda epoch, lr: 'slow')])",
        ValueError,
    ),
    "CSVLogger": (
        CLASSES + "model.fit(x, y, epochs=2, verbose=0, validation_split=.2, callbacks=[CSVLogger('log.csv')])\n"
        "table = pd.read_csv('log.csv')\nlist(table.columns), len(table)",
        [["epoch", "accuracy", "loss", "val_accuracy", "val_loss"], 2],
    ),
    "LambdaCallback": (
        CLASSES + "seen = []\n"
        "watch = LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append((epoch, sorted(logs))))\n"
        "model.fit(x, y, verbose=0, callbacks=[watch])\nseen",
        [[0, ["accuracy", "loss"]]],
    ),
    "BackupAndRestore": (
        CLASSES
        + """
class Interrupt(Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            raise KeyboardInterrupt

try:
    model.fit(x, y, epochs=4, verbose=0, callbacks=[BackupAndRestore('backup'), Interrupt()])
except KeyboardInterrupt:
    pass
model.fit(x, y, epochs=4, verbose=0, callbacks=[BackupAndRestore('backup')]).epoch
""",
        [2, 3],
    ),
    "TerminateOnNaN": (CLASSES + "model.fit(x, y, epochs=2, verbose=0, callbacks=[TerminateOnNaN()]).epoch", [0, 1]),
    "TensorBoard": (
        CLASSES + "model.fit(x, y, verbose=0, callbacks=[TensorBoard('logs')])\n"
        "any('tfevents' in path.name for path in Path('logs').rglob('*'))",
        True,
    ),
}


def printed(use: str, *patterns: str) -> Form:
    """Whether what is printed has these patterns, colours aside."""
    program = CLASSES + f"with redirect_stdout(StringIO()) as out:\n    {use}\n"
    found = r"re.sub(r'\x1b\[[0-9;]*m', '', out.getvalue())"
    return f"{program}text = {found}\n[bool(re.search(pattern, text)) for pattern in {patterns!r}]", [True] * len(
        patterns
    )


VALUES = r"accuracy: \d\.\d{4} - loss: \d\.\d{4}"
PRINTED: dict[str, Form] = {
    "verbose = 1": printed(
        "model.fit(x, y, epochs=2, batch_size=10, verbose = 1)",
        *("Epoch 1/2", "Epoch 2/2", rf"4/4 ━+ \d+s \d+[mu]?s/step - {VALUES}"),
    ),
    "verbose=2": printed(
        "model.fit(x, y, epochs=2, batch_size=10, verbose=2)",
        *("Epoch 1/2", rf"4/4 - \d+s - \d+[mu]?s/step - {VALUES}"),
    ),
    "verbose=0": printed("model.fit(x, y, epochs=2, verbose=0)", r"\A\Z"),
    "evaluate, verbose=1": printed(
        "model.evaluate(x, y, batch_size=10, verbose=1)", rf"4/4 ━+ \d+s \d+[mu]?s/step - {VALUES}"
    ),
    "summary": printed(
        "model.summary()",
        *("Layer \\(type\\) +┃ Output Shape +┃ +Param #", r"dense \(\w+\) +│ \(None, 4\) +│ +12"),
        *(r"dense_1 \(\w+\) +│ \(None, 3\) +│ +15", r"Total params: 27 \(108\.00 B\)"),
    ),
    "the circle's summary": printed(
        "Sequential([Dense(128, input_shape=(2,)), Dense(64), Dense(2)]).summary()",
        *("Total params: 8,770", "Trainable params: 8,770", "Non-trainable params: 0"),
    ),
}

SAVING: dict[str, Form] = {
    ".weights.h5": (
        CLASSES
        + """
model.save_weights('net.weights.h5')
found = {}
with h5py.File('net.weights.h5') as file:
    file.visititems(lambda name, entry: found.update({name: entry.shape}) if hasattr(entry, 'shape') else None)
{name: shape for name, shape in found.items() if name.startswith('layers')}
""",
        {
            "layers/dense/vars/0": [2, 4],
            "layers/dense/vars/1": [4],
            "layers/dense_1/vars/0": [4, 3],
            "layers/dense_1/vars/1": [3],
        },
    ),
    ".keras": (
        CLASSES
        + """
model.fit(x, y, verbose=0)
model.save('net.keras')
archive = zipfile.ZipFile('net.keras')
with h5py.File(BytesIO(archive.read('model.weights.h5'))) as file:
    variables = len(file['optimizer/vars'])
same = (load_model('net.keras').predict(x, verbose=0) == model.predict(x, verbose=0)).all()
sorted(archive.namelist()), variables, same
""",
        [["config.json", "metadata.json", "model.weights.h5"], 2 + 2 * 4, True],
    ),
}
