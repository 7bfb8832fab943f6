"""ONNX Runtime's ``run``, NumPy array in, NumPy array out."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from workload import Workload, parse_arguments, random_rows, report, time_calls


def build(work: Workload) -> bytes:
    """Return the workload's network as an ONNX model from ``x`` to ``y``."""
    generator = np.random.default_rng(2)
    nodes, weights = [], []
    last = len(work.sizes) - 2
    source = "x"
    for layer, shape in enumerate(pairwise(work.sizes)):
        kernel, bias, logits = f"kernel{layer}", f"bias{layer}", f"logits{layer}"
        weights.append(numpy_helper.from_array(generator.uniform(-0.1, 0.1, shape).astype("float32"), kernel))
        weights.append(numpy_helper.from_array(np.zeros(shape[1], np.float32), bias))
        output = "y" if layer == last else f"hidden{layer}"
        nodes.append(helper.make_node("Gemm", [source, kernel, bias], [logits]))
        nodes.append(helper.make_node("Softmax" if layer == last else "Relu", [logits], [output]))
        source = output
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", work.sizes[0]])]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["rows", work.sizes[-1]])]
    graph = helper.make_graph(nodes, "network", inputs, outputs, weights)
    # versions that older runtimes read, too
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opset, ir_version=9).SerializeToString()


def main() -> None:
    work = parse_arguments(__doc__)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = work.inference_threads
    session = onnxruntime.InferenceSession(build(work), options, providers=["CPUExecutionProvider"])
    feed = {"x": random_rows(work, work.batch)}
    report(time_calls(work, lambda: session.run(None, feed)), work.flop_per_call)


if __name__ == "__main__":
    main()
