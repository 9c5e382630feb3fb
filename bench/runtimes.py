"""How fast each runtime here answers with ViT-B/16 and ResNet-50 of full size, beside `transformers.pipeline`.

    python -m bench.runtimes [--threads 1] [--rounds 9] [--out docs/evidence/speed.md]

Random weights, batch 1, 224 px: speed does not depend on what was learned. All sides take turns in one run. CPU seconds
are what an answer costs whatever else the machine does; seconds by the clock are told with the machine's load.
Runtimes that are not installed are left out and named. `pipeline` gets the bytes of a PNG; the others the tensor.
"""

import argparse
import io
import os
from collections.abc import Callable
from copy import deepcopy
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from transformers import (
    ResNetConfig,
    ResNetForImageClassification,
    ViTConfig,
    ViTForImageClassification,
    ViTImageProcessor,
    pipeline,
)

from bench.section import write_section

NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "ViT-B/16": lambda: ViTForImageClassification(ViTConfig(num_labels=3)),  # type: ignore[call-arg]
    "ResNet-50": lambda: ResNetForImageClassification(ResNetConfig(num_labels=3)),  # type: ignore[call-arg]
}
Side = Callable[[], Any]


class Logits(nn.Module):
    """A network of transformers that answers with its logits [B, 3] alone."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.network(images).logits
        return logits


def sides(network: nn.Module, threads: int) -> dict[str, Side]:
    """By name, what answers one film with logits [1, 3], plain fp32 first."""
    plain, image = Logits(network), torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    found = {"torch fp32": _in_torch(plain, image)}
    last = deepcopy(plain).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    found["torch fp32, channels last"] = _in_torch(last, image.to(memory_format=torch.channels_last))
    found["torch bf16"] = _in_torch(deepcopy(plain).bfloat16(), image.bfloat16())
    last = deepcopy(last).bfloat16()
    found["torch bf16, channels last"] = _in_torch(last, image.bfloat16().to(memory_format=torch.channels_last))
    if find_spec("openvino"):
        found |= _in_openvino(plain, image, threads)
    if find_spec("onnx"):
        found["ONNX Runtime fp32"] = _in_onnxruntime(plain, image, threads)
    processor = ViTImageProcessor(size={"height": 224, "width": 224})
    build: Any = pipeline  # its overloads do not know networks made here
    asked = build("image-classification", model=network, image_processor=processor, device="cpu")
    stream = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (224, 224, 3), np.uint8)).save(stream, "PNG")
    found["transformers.pipeline"] = lambda: asked(Image.open(io.BytesIO(stream.getvalue())))
    return found


def _in_torch(network: nn.Module, image: Tensor) -> Side:
    return lambda: network(image).float().numpy()


def _in_openvino(network: nn.Module, image: Tensor, threads: int) -> dict[str, Side]:
    import openvino

    converted = openvino.convert_model(network, example_input=image, input=[1, 3, 224, 224])
    shown, found = image.numpy(), dict[str, Side]()
    for kind, precision in (("fp32", "f32"), ("bf16", "bf16")):
        hints = {"INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY"}
        request = openvino.Core().compile_model(converted, "CPU", hints).create_infer_request()
        found[f"OpenVINO {kind}"] = partial(_asked, request, shown)
    return found


def _asked(request: Any, image: Any) -> Any:
    return request.infer([image])[0].copy()


def _in_onnxruntime(network: nn.Module, image: Tensor, threads: int) -> Side:
    import onnxruntime

    stream, options = io.BytesIO(), onnxruntime.SessionOptions()
    export: Any = torch.onnx.export  # which takes a stream where it does not go by dynamo
    export(network, (image,), stream, dynamo=False, opset_version=17, input_names=["images"])
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(stream.getvalue(), options, providers=["CPUExecutionProvider"])
    shown = {"images": image.numpy()}
    return lambda: session.run(None, shown)[0]


def measured(found: dict[str, Side], rounds: int) -> dict[str, tuple[float, float]]:
    """CPU seconds and seconds by the clock of each side, medians of rounds in which all take turns."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in found}
    for side in found.values():
        side()
        side()
    for _ in range(rounds):
        for name, side in found.items():
            cpu, clock = process_time(), perf_counter()
            side()
            times[name].append((process_time() - cpu, perf_counter() - clock))
    return {name: (float(np.median(one, 0)[0]), float(np.median(one, 0)[1])) for name, one in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--out", type=Path, default=Path("docs/evidence/speed.md"))
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    before = os.getloadavg()[0]
    lines = [
        "| network | runtime | CPU ms | clock ms | plain fp32 over it, CPU | pipeline over it, CPU | logits off by |",
        "|---|---|---|---|---|---|---|",
    ]
    with torch.inference_mode():
        for name, build in NETWORKS.items():
            found = sides(build().eval(), arguments.threads)
            times = measured(found, arguments.rounds)
            plain, asked = times["torch fp32"][0], times["transformers.pipeline"][0]
            expected = found["torch fp32"]()
            for side, (cpu, clock) in times.items():
                off = "" if side == "transformers.pipeline" else f"{np.abs(found[side]() - expected).max():.4f}"
                lines.append(
                    f"| {name} | {side} | {cpu * 1e3:.0f} | {clock * 1e3:.0f} | {plain / cpu:.2f} | "
                    f"{asked / cpu:.2f} | {off} |"
                )
    missing = [one for one in ("openvino", "onnx") if not find_spec(one)]
    said = (
        f"Made by `python -m bench.runtimes --threads {arguments.threads} --rounds {arguments.rounds}`, torch "
        f"{torch.__version__}, {torch.backends.cpu.get_cpu_capability()}, {os.cpu_count()} cores, load {before:.1f} "
        f"before and {os.getloadavg()[0]:.1f} after. Random weights, batch 1, 224 px; medians of rounds in which all "
        "sides take turns. The pipeline begins with the bytes of a PNG, the others with the tensor."
    )
    lines = [said, *([f"Not installed, so left out: {', '.join(missing)}."] if missing else []), "", *lines]
    if not arguments.out.exists():
        arguments.out.write_text("# Speed\n", encoding="utf-8")
    threads = "one thread" if arguments.threads == 1 else f"{arguments.threads} threads"
    write_section(arguments.out, f"Runtimes on a CPU, {threads}", lines)


if __name__ == "__main__":
    main()
