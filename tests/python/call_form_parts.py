"""The call forms of layers, optimizers, losses and metrics, for `call_forms.py`: a program, and what it gives."""

from __future__ import annotations

from typing import Any

Form = tuple[str, Any]


def outputs(activation: str, units: int) -> str:
    """A model whose pre-activations are its inputs."""
    layer = f"Dense({units}, activation={activation!r}, input_shape=({units},))"
    return f"model = Sequential([{layer}])\nmodel.set_weights([np.eye({units}), np.zeros({units})])\n"


def judged(activation: str, loss: str, given: list[float], target: Any) -> str:
    """The loss of one row of pre-activations."""
    program = outputs(activation, len(given)) + f"model.compile(optimizer='sgd', loss={loss})\n"
    return program + f"model.evaluate(np.array([{given}]), np.array([{target}]), verbose=0)"


# p = 2x + 1, for x = 0, 1, 2, 3
LINE = """
x = np.array([[0.], [1.], [2.], [3.]])
model = Sequential()
model.add(Dense(1, input_shape=(1,)))
model.set_weights([np.array([[2.]]), np.array([1.])])
"""
# p = w, from w = 1 on, for the target 0: the loss is w², its gradient 2w
ONE_WEIGHT = """
x, y = np.array([[1.]]), np.array([0.])
model = Sequential([Dense(1, use_bias=False, input_shape=(1,))])
model.set_weights([np.array([[1.]])])
"""
# The same with a bias, whose gradient then is as large.
TWO_WEIGHTS = ONE_WEIGHT.replace("use_bias=False, ", "").replace(
    "[np.array([[1.]])]", "[np.array([[1.]]), np.zeros(1)]"
)
# A network with three classes, and some data for it.
CLASSES = """
set_random_seed(1)
x = np.random.default_rng(1).normal(size=(33, 2))
y = np.arange(33) % 3
model = Sequential([Dense(4, activation='relu', input_shape=(2,)), Dense(3, activation='softmax')])
model.compile(optimizer='adam', loss='sparse_categorical_crossentropy', metrics=['accuracy'])
"""


def stepped(optimizer: str, steps: int = 1, model: str = ONE_WEIGHT) -> str:
    """The weights after some steps."""
    fit = f"model.fit(x, y, epochs={steps}, verbose=0)\n"
    return model + f"model.compile(optimizer={optimizer}, loss='mse')\n{fit}[w.item() for w in model.get_weights()]"


LAYERS: dict[str, Form] = {
    "glorot's limits, and no bias": (
        """
model = Sequential()
model.add(Dense(128, activation='relu', input_shape=(2,)))
kernel, bias = model.get_weights()
limit = (6 / (2 + 128)) ** .5
kernel.shape, bias.any(), 0.9 * limit < abs(kernel).max() <= limit
""",
        [[2, 128], False, True],
    ),
    "kernel, bias, kernel, bias": (
        """
n = 3
model = Sequential()
model.add(Dense(2**7, input_shape=(n,)))
model.add(Activation('relu'))
model.add(Dropout(.2))
model.add(Dense(64, activation='relu'))
model.add(Dense(2, activation='sigmoid'))
model.add(Dense(1))
[w.shape for w in model.get_weights()]
""",
        [[3, 128], [128], [128, 64], [64], [64, 2], [2], [2, 1], [1]],
    ),
    "names by class": (
        "model = Sequential([Dense(2), Dropout(.2), Dense(2), Dropout(.2), Activation('relu'), Dense(2)])\n"
        "[layer.name for layer in model.layers]",
        ["dense", "dropout", "dense_1", "dropout_1", "activation", "dense_2"],
    ),
    "LeakyReLU(alpha = 0.01)": (
        "model = Sequential([Input((1,)), LeakyReLU(alpha = 0.01)])\nmodel.predict(np.array([[-2.], [2.]]), verbose=0)",
        [[-0.02], [2.0]],
    ),
    "LeakyReLU(negative_slope=0.3)": (
        "model = Sequential([Input((1,)), LeakyReLU(negative_slope=0.3)])\nmodel.predict(np.array([[-2.]]), verbose=0)",
        [[-0.6]],
    ),
    "dropout is inverted, and for training alone": (
        """
model = Sequential([Input((1,)), Dropout(.75), Dense(1)])
model.set_weights([np.array([[1.]]), np.array([0.])])
model.compile(optimizer=SGD(0.0), loss='mse')
x, y = np.ones((400, 1)), np.zeros(400)
kept = model.fit(x, y, batch_size=400, verbose=0).history['loss'][0] * 400 / 4**2
abs(kept - round(kept)) < 1e-3, 60 < kept < 140, model.evaluate(x, y, verbose=0)
""",
        [True, True, 1.0],
    ),
    "the chapter's perceptron": (
        """
model = Sequential([Dense(1, activation='sigmoid', input_shape=(3,))])
model.set_weights([np.array([[3.], [-2.], [4.]]), np.array([2.])])
model.predict(np.array([[1., 3., 1.]]), verbose=0)
""",
        [[0.9525741]],
    ),
    "the chapter's softmax": (
        "model = Sequential([Input((4,)), Activation('softmax')])\n"
        "model.predict(np.array([[0., 3., 1., 1.]]), verbose=0).round(4)",
        [[0.0377, 0.7573, 0.1025, 0.1025]],
    ),
}

OPTIMIZERS: dict[str, Form] = {
    **{
        f"optimizer={form}": (stepped(form), [expected])
        for forms, expected in {
            ("'sgd'", "SGD()"): 0.98,
            ("SGD(learning_rate=.1)", "SGD(.1)"): 0.8,
            ("'adam'", "Adam()", "Adam(0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7)", "Adam(amsgrad=True)"): 0.999,
            ("'adamw'", "AdamW()", "AdamW(weight_decay=0.004)"): 0.998996,
            ("'rmsprop'", "RMSprop()", "RMSprop(0.001, rho=0.9)"): 1 - 0.002 / 0.4**0.5,
            ("RMSprop(centered=True)",): 1 - 0.002 / 0.6,
            ("'adagrad'", "Adagrad()", "Adagrad(0.001, initial_accumulator_value=0.1)"): 1 - 0.002 / 4.1**0.5,
            ("'nadam'", "Nadam()"): 1 - 0.001 * (0.48528 * 0.2 / (1 - 0.468 * 0.48528) + 2) / 2,
            ("'adamax'", "Adamax()"): 0.999,
            ("'adadelta'", "Adadelta()"): 1 - 1e-3 * (1e-7 / (0.2 + 1e-7)) ** 0.5 * 2,
            ("'ftrl'", "Ftrl()"): (4.1**0.5 - 0.1**0.5 - 0.001 * 2) / 4.1**0.5,
            ("'lion'", "Lion()"): 0.999,
        }.items()
        for form in forms
    },
    "momentum": (stepped("SGD(.1, momentum=.9)", 2), [1 - 0.2 - (0.9 * 0.2 + 0.16)]),
    "Nesterov's momentum": (stepped("SGD(.1, momentum=.9, nesterov=True)"), [1 - 0.2 * 1.9]),
    "RMSprop's epsilon is inside the root": (stepped("RMSprop(epsilon=0.6)"), [1 - 0.002]),
    "Adagrad's epsilon is inside the root": (stepped("Adagrad(epsilon=0.9)"), [1 - 0.002 / 5**0.5]),
    "Adam's epsilon is outside": (stepped("Adam(epsilon=1.0)"), [1 - 0.001 * 0.001**0.5 * 2 / (0.004**0.5 + 1)]),
    "clipvalue": (stepped("SGD(1.0, clipvalue=.5)", model=TWO_WEIGHTS), [0.5, -0.5]),
    "clipnorm is a variable's own": (stepped("SGD(1.0, clipnorm=.5)", model=TWO_WEIGHTS), [0.5, -0.5]),
    "global_clipnorm is of all": (
        stepped("SGD(1.0, global_clipnorm=.5)", model=TWO_WEIGHTS),
        [1 - 0.125**0.5, -(0.125**0.5)],
    ),
    "one clip alone": ("SGD(clipnorm=1.0, clipvalue=1.0)", ValueError),
    "clip, then decay, then the update": (
        stepped("SGD(.1, weight_decay=.5, clipvalue=.5)"),
        [1 - 1 * 0.5 * 0.1 - 0.1 * 0.5],
    ),
    "ExponentialDecay": (
        "[float(ExponentialDecay(.1, 10, .5)(step)) for step in (0, 5, 10)]",
        [0.1, 0.1 / 2**0.5, 0.05],
    ),
    "ExponentialDecay, staircase": ("float(ExponentialDecay(.1, 10, .5, staircase=True)(19))", 0.05),
    "CosineDecay": (
        "[float(CosineDecay(.1, 10, alpha=.1)(step)) for step in (0, 5, 10, 11)]",
        [0.1, 0.055, 0.01, 0.01],
    ),
    "CosineDecay, warmed up": (
        "[float(CosineDecay(0., 10, warmup_target=.1, warmup_steps=4)(step)) for step in (2, 4, 9)]",
        [0.05, 0.1, 0.05],
    ),
    "CosineDecayRestarts": ("[float(CosineDecayRestarts(.1, 10)(step)) for step in (5, 10, 20)]", [0.05, 0.1, 0.05]),
    "PolynomialDecay": ("[float(PolynomialDecay(.1, 10, .01)(step)) for step in (5, 99)]", [0.055, 0.01]),
    "InverseTimeDecay": ("float(InverseTimeDecay(.1, 10, 1.0)(10))", 0.05),
    "PiecewiseConstantDecay": ("[float(PiecewiseConstantDecay([5], [.1, .01])(step)) for step in (5, 6)]", [0.1, 0.01]),
    "a schedule as the rate": (
        stepped("SGD(PiecewiseConstantDecay([0], [.25, .1]))", 2),
        [1 - 0.5 - 0.1],
    ),
}

LOSSES: dict[str, Form] = {
    "MSE is a mean over the last axis": ("float(MeanSquaredError()([[0., 0.], [0., 0.]], [[1., 3.], [0., 0.]]))", 2.5),
    "MAE too": ("float(MeanAbsoluteError()([[0., 0.], [0., 0.]], [[1., 3.], [0., 0.]]))", 1.0),
    "binary cross-entropy too": ("float(BinaryCrossentropy()([[1., 0.]], [[.5, .75]]))", 1.0397207),
    "categorical cross-entropy is a sum over classes": (
        "float(CategoricalCrossentropy()([[.5, .5]], [[.5, .5]]))",
        0.6931472,
    ),
    "Huber's delta is 1": ("float(Huber()([[0.], [0.]], [[.5], [2.]]))", (0.125 + 1.5) / 2),
    "weights multiply, the divisor stays": (
        "float(MeanSquaredError()(np.zeros((2, 1)), np.array([[1.], [3.]]), sample_weight=np.array([4., 0.])))",
        2.0,
    ),
    "and so in evaluate": (
        LINE + "model.compile(optimizer='sgd', loss='mse')\n"
        "model.evaluate(x, np.zeros(4), sample_weight=np.array([4., 0., 0., 1.]), verbose=0)",
        (4 * 1 + 49) / 4,
    ),
    "targets (n,) of outputs (n, 1)": (
        LINE + "model.compile(loss='mean_squared_error', optimizer='adam')\n"
        "model.evaluate(x, np.array([1., 3., 5., 9.]), verbose=0)",
        1.0,
    ),
    "label smoothing": ("float(CategoricalCrossentropy(label_smoothing=.2)([[1., 0.]], [[.9, .1]]))", 0.3250830),
    "label smoothing, binary": ("float(BinaryCrossentropy(label_smoothing=.2)([[1.]], [[.9]]))", 0.3250830),
    "a softmax's logits": (judged("softmax", "'categorical_crossentropy'", [0.0, 200.0], [1.0, 0.0]), 200.0),
    "a softmax's logits, sparse": (judged("softmax", "'sparse_categorical_crossentropy'", [0.0, 200.0], 0), 200.0),
    "a sigmoid's logits": (judged("sigmoid", "'binary_crossentropy'", [50.0], [0.0]), 50.0),
    "two sigmoids, sparse: a softmax": (
        judged("sigmoid", "'sparse_categorical_crossentropy'", [1.0, -1.0], 1),
        2.1269280,
    ),
    "a softmax, binary: sigmoids": (judged("softmax", "'binary_crossentropy'", [1.0, -1.0], [0.0, 1.0]), 1.3132617),
    "CategoricalCrossentropy(from_logits=True)": (
        judged("linear", "CategoricalCrossentropy(from_logits=True)", [1.0, -1.0], [0.0, 1.0]),
        2.1269280,
    ),
    "SparseCategoricalCrossentropy(from_logits=True)": (
        judged("linear", "SparseCategoricalCrossentropy(from_logits=True)", [1.0, -1.0], 1),
        2.1269280,
    ),
    "BinaryCrossentropy(from_logits=True)": (
        judged("linear", "BinaryCrossentropy(from_logits=True)", [1.0, -1.0], [0.0, 1.0]),
        1.3132617,
    ),
    "other outputs are divided by their sum": (
        judged("linear", "'categorical_crossentropy'", [1.0, 3.0], [1.0, 0.0]),
        1.3862944,
    ),
    "and clipped": (judged("linear", "'categorical_crossentropy'", [0.0, 3.0], [1.0, 0.0]), 16.118095),
    "other outputs, sparse: their logarithms are logits": (
        judged("linear", "'sparse_categorical_crossentropy'", [0.2, 0.6], 0),
        1.3862944,
    ),
    "clipped before, sparse": (judged("linear", "'sparse_categorical_crossentropy'", [1.0, 5.0], 0), 0.6931472),
    "other outputs, binary: clipped": (judged("linear", "'binary_crossentropy'", [0.0], [1.0]), 16.118095),
    "regularizers of a class": ("L1().get_config(), L2().get_config()", [{"l1": 0.01}, {"l2": 0.01}]),
    "penalties: kernels alone, no half, not divided": (
        """
model = Sequential()
model.add(Dense(2, activation='sigmoid', kernel_regularizer=L2(0.01), input_shape=(2,)))
model.add(Dense(1, activation='sigmoid', kernel_regularizer=L2(0.01)))
model.set_weights([np.array([[6., 10.], [10., 6.]]), np.full(2, -15.), np.ones((2, 1)), np.array([-1.5])])
model.compile(optimizer=SGD(0.0), loss='mse', metrics=['mse'])
x, y = np.array([[1., 1.], [2., 0.], [0., 2.]]), np.array([1., 0., 0.])
loss, mse = model.evaluate(x, y, verbose=0)
history = model.fit(x, y, batch_size=1, verbose=0).history
loss - mse, history['loss'][0] - history['mse'][0]
""",
        [2.74, 2.74],
    ),
    "penalties by name": (
        """
model = Sequential([Dense(1, kernel_regularizer='l1', input_shape=(2,)), Dense(1, kernel_regularizer='l2')])
model.set_weights([np.array([[3.], [-4.]]), np.array([9.]), np.array([[-2.]]), np.array([18.])])
model.compile(optimizer='sgd', loss='mse')
model.evaluate(np.zeros((1, 2)), np.zeros(1), verbose=0)
""",
        0.07 + 0.04,
    ),
    "a penalty on the bias": (
        """
model = Sequential([Dense(1, kernel_regularizer=L1L2(l1=.1, l2=.2), bias_regularizer=L1(.5), input_shape=(1,))])
model.set_weights([np.array([[-3.]]), np.array([4.])])
model.compile(optimizer='sgd', loss='mse')
model.evaluate(np.zeros((1, 1)), np.array([4.]), verbose=0)
""",
        0.3 + 1.8 + 2.0,
    ),
    "fit reports the mean of rows, each before its step": (
        ONE_WEIGHT.replace("[[1.]])]", "[[0.]])]") + "model.compile(optimizer=SGD(.1), loss='mse')\n"
        "history = model.fit(np.ones((3, 1)), np.array([1., 1., 2.]), batch_size=2, shuffle=False, verbose=0)\n"
        "history.history['loss'], model.get_weights()[0].item()",
        [[(2 * 1 + 1.8**2) / 3], 0.2 + 0.36],
    ),
}

METRICS: dict[str, Form] = {
    "one output: above a half": (
        outputs("sigmoid", 1) + "model.compile(optimizer='sgd', loss='binary_crossentropy', metrics=['accuracy'])\n"
        "model.evaluate(np.array([[0.], [1.], [-1.], [2.]]), np.array([0, 1, 1, 1]), verbose=0)[1]",
        0.75,
    ),
    "labels: sparse": (
        outputs("softmax", 2)
        + "model.compile(optimizer='sgd', loss='sparse_categorical_crossentropy', metrics=['acc'])\n"
        "model.evaluate(np.array([[0., 1.], [1., 0.]]), np.array([1, 1]), verbose=0)[1]",
        0.5,
    ),
    "labels in a column": (
        outputs("softmax", 2)
        + "model.compile(optimizer='sgd', loss='sparse_categorical_crossentropy', metrics=['accuracy'])\n"
        "model.evaluate(np.array([[0., 1.], [1., 0.]]), np.array([[1], [1]]), verbose=0)[1]",
        0.5,
    ),
    "one-hot rows: categorical": (
        outputs("softmax", 2)
        + "model.compile(optimizer='sgd', loss='categorical_crossentropy', metrics=['accuracy'])\n"
        "model.evaluate(np.array([[0., 1.], [1., 0.]]), np.array(to_categorical([1, 1], 2)), verbose=0)[1]",
        0.5,
    ),
    "sample weights": (
        LINE + "model.compile(optimizer='sgd', loss='mse', metrics=['mae'], weighted_metrics=['mse'])\n"
        "w = np.array([3., 1., 0., 0.])\n"
        "model.evaluate(x, np.zeros(4), sample_weight=w, verbose=0, return_dict=True)",
        {"loss": (3 * 1 + 9) / 4, "mae": 4.0, "mse": (3 * 1 + 9) / 4},
    ),
    "a state over the epoch": (
        LINE + "model.compile(optimizer=SGD(0.0), loss='mse', metrics=[RootMeanSquaredError()])\n"
        "history = model.fit(x, np.zeros(4), batch_size=1, verbose=0)\n"
        "history.history['root_mean_squared_error']",
        [((1 + 9 + 25 + 49) / 4) ** 0.5],
    ),
    "names": (
        outputs("softmax", 3)
        + """
model.compile(optimizer='sgd', loss='categorical_crossentropy', metrics=[
    'accuracy', 'mae', 'mse', RootMeanSquaredError(), AUC(), Precision(), Recall(), F1Score(),
    TopKCategoricalAccuracy(k=2), BinaryAccuracy(), CategoricalAccuracy(),
])
sorted(model.evaluate(np.eye(3), np.eye(3), verbose=0, return_dict=True))
""",
        [
            *("accuracy", "auc", "binary_accuracy", "categorical_accuracy", "f1_score", "loss", "mae", "mse"),
            *("precision", "recall", "root_mean_squared_error", "top_k_categorical_accuracy"),
        ],
    ),
    "a metric alone": (
        "metric = SparseCategoricalAccuracy()\nmetric.update_state([1, 0], [[.1, .9], [.2, .8]])\n"
        "metric.name, float(metric.result())",
        ["sparse_categorical_accuracy", 0.5],
    ),
}
