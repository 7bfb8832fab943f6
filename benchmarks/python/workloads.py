"""The list of what is compared: the workloads, and the rivals of each kind of workload."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Workload:
    """Something to time.

    Its kind is ``training`` (a step), ``inference`` (a call of predict), ``import`` (beyond NumPy) or
    ``process`` (a whole one). The first two have a network, a batch, and the steps of an epoch, or the
    calls of a block: so many that a run takes seconds.
    """

    name: str
    kind: str
    title: str
    sizes: str = ""
    batch: int = 0
    steps: int = 0
    data: str = "random"


@dataclass(frozen=True)
class Rival:
    """One way of doing a kind of workload with another library.

    ``python`` names the interpreter (an option of the command line; "" is the one that runs lamina) and
    ``modules`` what it must be able to import, after which ``check`` fails where more is missing.
    ``command`` is a program of programs/ and its options.
    """

    name: str
    title: str
    python: str
    modules: str
    command: str
    environment: dict[str, str] = field(default_factory=dict)
    check: str = ""


def _training(name: str, sizes: str, batch: int, steps: int, data: str, about: str = "") -> Workload:
    source = "MNIST, uint8" if data == "mnist" else "random rows, float32"
    title = f"a training step of {sizes.replace(',', '-')}, batch {batch}, {source}{about}"
    return Workload(name, "training", title, sizes, batch, steps, data)


def _inference(name: str, rows: int, calls: int, about: str) -> Workload:
    return Workload(name, "inference", f"predict of {about}, float32, 784-128-64-10", "784,128,64,10", rows, calls)


WORKLOADS = {
    workload.name: workload
    for workload in (
        _training("mnist-10", "784,128,64,10", 10, 1500, "mnist"),
        _training("mnist-128", "784,128,64,10", 128, 468, "mnist"),
        _training("mnist-1024", "784,128,64,10", 1024, 58, "mnist"),
        _training("dense-10", "784,128,64,10", 10, 1500, "random", " (no zeros to skip)"),
        _training("circle", "2,128,64,2", 10, 2000, "random"),
        _training("housing", "38,38,128,64,1", 10, 2000, "random"),
        _training("wide-64", "784,512,512,10", 64, 200, "mnist"),
        _training("wide-256", "784,1024,1024,10", 256, 50, "mnist"),
        _training("wider-256", "784,4096,4096,10", 256, 8, "mnist"),
        _training("deep-1024", "1024,1024,1024,1024,10", 1024, 8, "random"),
        _inference("row", 1, 5000, "one row"),
        _inference("rows-1000", 1000, 500, "1,000 rows"),
        Workload("import", "import", "import, beyond import numpy"),
        Workload("process", "process", "a whole process: import, build, 100 epochs on 110 rows of 2-128-64-2, predict"),
    )
}

LAMINA = {
    "training": "lamina_fit.py",
    "inference": "lamina_predict.py",
    "import": "import_time.py lamina.models lamina.layers lamina.utils",
    "process": "lamina_circle.py",
}

_TENSORFLOW = {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
_JAX = {"KERAS_BACKEND": "jax"}


def _keras(title: str, command: str) -> Rival:
    return Rival("keras", f"Keras on TensorFlow{title}", "keras", "keras tensorflow", command, _TENSORFLOW)


def _keras_jax(title: str, command: str) -> Rival:
    return Rival("keras-jax", f"Keras on JAX{title}", "keras-jax", "keras jax", command, _JAX)


_BLAS = Rival(
    "blas",
    "lamina with BLAS, fit",
    "blas",
    "lamina numpy",
    "lamina_fit.py",
    {"LAMINA_GEMM": "blas"},
    "lamina.config.get_gemm()",
)

RIVALS = {
    "training": (
        _BLAS,
        _keras(", fit", "keras_fit.py"),
        _keras_jax(", fit", "keras_fit.py"),
        Rival("sklearn", "scikit-learn, no dropout", "sklearn", "sklearn", "sklearn_fit.py"),
        Rival("torch", "PyTorch, eager, fused Adam", "torch", "torch", "torch_fit.py"),
        Rival("torch-compile", "PyTorch, compiled step", "torch", "torch", "torch_fit.py --variant=compile"),
        Rival("jax-step", "JAX, jitted step", "jax", "jax optax", "jax_fit.py --variant=step"),
        Rival("jax", "JAX, lax.scan over the epoch", "jax", "jax optax", "jax_fit.py --variant=scan"),
    ),
    "inference": (
        _keras(", predict", "keras_predict.py"),
        _keras_jax(", predict", "keras_predict.py"),
        Rival("sklearn", "scikit-learn, predict_proba", "sklearn", "sklearn", "sklearn_predict.py"),
        Rival("torch", "PyTorch, eager", "torch", "torch", "torch_predict.py --variant=eager"),
        Rival("torch-trace", "PyTorch, traced and frozen", "torch", "torch", "torch_predict.py --variant=trace"),
        Rival("torch-compile", "PyTorch, compiled", "torch", "torch", "torch_predict.py --variant=compile"),
        Rival("numpy", "NumPy", "", "numpy", "numpy_predict.py"),
        Rival("onnxruntime", "ONNX Runtime", "onnxruntime", "onnxruntime onnx", "onnxruntime_predict.py"),
    ),
    "import": (
        _keras("", "import_time.py keras tensorflow"),
        _keras_jax("", "import_time.py keras jax jaxlib"),
        Rival("sklearn", "scikit-learn", "sklearn", "sklearn", "import_time.py sklearn.neural_network"),
        Rival("torch", "PyTorch", "torch", "torch", "import_time.py torch"),
        Rival("jax", "JAX", "jax", "jax", "import_time.py jax jaxlib"),
        Rival("onnxruntime", "ONNX Runtime", "onnxruntime", "onnxruntime", "import_time.py onnxruntime"),
    ),
    "process": (
        _keras("", "keras_circle.py"),
        _keras_jax("", "keras_circle.py"),
        Rival("sklearn", "scikit-learn, no dropout", "sklearn", "sklearn", "sklearn_circle.py"),
        Rival("torch", "PyTorch, eager", "torch", "torch", "torch_circle.py"),
    ),
}
RIVAL_NAMES = tuple(dict.fromkeys(rival.name for rivals in RIVALS.values() for rival in rivals))
INTERPRETERS = tuple(dict.fromkeys(rival.python for rivals in RIVALS.values() for rival in rivals if rival.python))


def variable(python: str) -> str:
    """Return the environment variable that names an interpreter: LAMINA_KERAS_JAX_PYTHON."""
    return f"LAMINA_{python.upper().replace('-', '_')}_PYTHON"
