"""`python -m benchmarks.serving.gpu`: texts/s of the served model on a GPU against its own offline batches.

Both sides run the same weights in the same precision on the same GPU, one after the other in turns; the
server is asked in V2 JSON with many texts a request, as its HTTP would else be what is measured.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import statistics
import sys
import threading
import time
from collections.abc import Sequence
from typing import Final

import httpx

from benchmarks.serving.offline import offline
from benchmarks.serving.serve import HOST, Serving, predictor
from benchmarks.serving.workload import demo_model, held_out_texts

GOAL: Final = 0.9
NO_GPU: Final = 3


def main(arguments: Sequence[str]) -> int:
    """Measure and print both rates and their ratio.

    Returns:
        0 when the goal is reached, 1 when it is missed, 3 where there is no GPU.
    """
    import torch

    if not torch.cuda.is_available():
        sys.stderr.write(
            "bench-gpu: torch sees no CUDA device, so nothing was measured; run it on a machine with one.\n"
        )
        return NO_GPU
    parser = argparse.ArgumentParser(prog="benchmarks.serving.gpu")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--texts", type=int, default=50_000, help="texts of one measurement")
    parser.add_argument("--in-request", type=int, default=128, help="texts in one request")
    parser.add_argument("--connections", type=int, default=64)
    options = parser.parse_args(arguments)
    reviews = held_out_texts()
    texts = [reviews[i % len(reviews)] for i in range(options.texts)]
    ratios = _ratios(texts, options)
    ratio = statistics.median(ratios)
    sys.stdout.write(
        f"{torch.cuda.get_device_name()}: served / offline {ratio:.3f} "
        f"({min(ratios):.3f} to {max(ratios):.3f}), goal {GOAL}\n"
    )
    return 0 if ratio >= GOAL else 1


def _ratios(texts: Sequence[str], options: argparse.Namespace) -> list[float]:
    model = demo_model()
    settings = {"device": "cuda", "max_batch_texts": 512, "max_batch_tokens": 32_768}
    ratios = []
    with offline(model, **settings) as bare, predictor(model, **settings) as server:
        bare.whole_pass(texts)
        _served(server, texts, options)
        for _ in range(options.rounds):
            measured = bare.whole_pass(texts)
            alone = measured.texts / (measured.encode_s + measured.forward_s)
            served = len(texts) / _served(server, texts, options)
            ratios.append(served / alone)
            sys.stdout.write(f"offline {alone:.0f} texts/s, served {served:.0f} texts/s\n")
    return ratios


def _served(server: Serving, texts: Sequence[str], options: argparse.Namespace) -> float:
    """Seconds in which the server answered all texts."""
    size = options.in_request
    requests = [list(texts[start : start + size]) for start in range(0, len(texts), size)]
    clients = threading.local()

    def ask(part: list[str]) -> None:
        client = getattr(clients, "client", None) or httpx.Client(timeout=60)
        clients.client = client
        body = {"inputs": [{"name": "text", "shape": [len(part)], "datatype": "BYTES", "data": part}]}
        client.post(f"http://{HOST}:{server.port}/v2/models/sentiment/infer", json=body).raise_for_status()

    begun = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(options.connections) as pool:
        list(pool.map(ask, requests))
    return time.perf_counter() - begun


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
