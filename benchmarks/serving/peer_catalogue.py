"""The peers and the configuration that each one's documentation recommends for batches on a processor."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any, Final

from benchmarks.serving.peer import Peer

_APPS: Final = Path(__file__).parent / "peer_apps"
# It does not start with later ones: transformers lost a class that it imports, torch and TensorFlow clash,
# and uvloop no longer makes an event loop by itself.
_MLSERVER: Final = (
    "mlserver==1.7.1",
    "mlserver-huggingface==1.7.1",
    "uvloop<0.22",
    "torch<2.8",
    "tensorflow<2.20",
    "transformers<4.42",
    "numpy<2",
)
# It imports what later optimum (bettertransformer) and torch (an exporter's function) no longer have, and its
# own pins let in a click and a pyarrow that break it.
_INFINITY: Final = (
    "infinity_emb[server,torch,optimum]==0.0.77",
    "optimum[onnxruntime]>=1.24,<2",
    "transformers<4.49",
    "torch<2.8",
    "click<8.2",
    "numpy<2",
    "pyarrow<20",
)
_TORCH: Final = ("torch==2.15.0", "transformers==4.57.6", "numpy<3")


def _mlserver_files(model: Path, port: int, folder: Path, *, optimum: bool) -> None:
    extra = {"task": "text-classification", "pretrained_model": str(model), "optimum_model": optimum}
    if not optimum:
        extra["framework"] = "pt"
    settings = {
        "name": "sentiment",
        "implementation": "mlserver_huggingface.HuggingFaceRuntime",
        "max_batch_size": 64,
        "max_batch_time": 0.005,
        "parameters": {"extra": extra},
    }
    server = {
        "http_port": port,
        "grpc_port": port + 1,
        "metrics_port": port + 2,
        "parallel_workers": 1,
        "host": "127.0.0.1",
    }
    (folder / "model-settings.json").write_text(json.dumps(settings))
    (folder / "settings.json").write_text(json.dumps({**server, "debug": False}))


# Under this name texts of a batch stay a list; as "args" they would become arguments of one call.
_TEXT_INPUT: Final = {
    "name": "array_inputs",
    "shape": [1],
    "datatype": "BYTES",
    "parameters": {"content_type": "str"},
}


def _mlserver(name: str, *, optimum: bool) -> Peer:
    runtime = "ONNX Runtime through optimum" if optimum else "torch"
    return Peer(
        name=name,
        environment="mlserver",
        requirements=_MLSERVER,
        settings=f"{runtime}, adaptive batching (64 requests, 5 ms), one parallel worker; inside of a "
        "batch it runs texts one by one, as it takes BERT's padding token, number 0, for none",
        command=lambda _model, _port, folder: ("mlserver", "start", str(folder)),
        prepare=partial(_mlserver_files, optimum=optimum),
        ready="/v2/models/sentiment/ready",
        path="/v2/models/sentiment/infer",
        body=lambda text: {"inputs": [{**_TEXT_INPUT, "data": [text]}]},
        label=lambda reply: str(json.loads(reply["outputs"][0]["data"][0])["label"]),
    )


def _infinity_label(reply: dict[str, Any]) -> str:
    return str(max(reply["data"][0], key=lambda each: each["score"])["label"])


def _infinity(name: str, *, engine: str) -> Peer:
    return Peer(
        name=name,
        environment="infinity",
        requirements=_INFINITY,
        settings=f"engine {engine}, device cpu, batch size 64, length sorting on (its default)",
        # An exported model is found only in the current folder.
        command=lambda model, port, folder: (
            *(("env", f"--chdir={folder / 'onnx'}") if engine == "optimum" else ()),
            "infinity_emb",
            "v2",
            f"--model-id={'.' if engine == 'optimum' else model}",
            "--served-model-name=sentiment",
            f"--engine={engine}",
            "--device=cpu",
            "--batch-size=64",
            "--host=127.0.0.1",
            f"--port={port}",
            "--log-level=warning",
            # Its warm-up text is longer than the model's positions, and its ONNX engine cuts nothing.
            *(("--no-model-warmup",) if engine == "optimum" else ()),
        ),
        # Its ONNX engine wants an exported model beside the configuration, and keeps what it optimises.
        variables=lambda _model, _port, folder: {"DO_NOT_TRACK": "1", "HF_HOME": str(folder / "cache")},
        ready="/health",
        path="/classify",
        body=lambda text: {"model": "sentiment", "input": [text]},
        label=_infinity_label,
        goal=1.0,
    )


LITSERVE: Final = Peer(
    name="litserve",
    environment="litserve",
    requirements=("litserve==0.2.19", *_TORCH, "uvloop", "httptools"),
    settings="LitAPI with max_batch_size 64 and batch_timeout 5 ms, one worker, torch",
    command=lambda model, port, _folder: ("python", str(_APPS / "litserve_app.py"), str(model), str(port)),
    ready="/health",
    path="/predict",
    body=lambda text: {"text": text},
    label=lambda reply: str(reply["label"]),
)

BENTOML: Final = Peer(
    name="bentoml",
    environment="bentoml",
    # 1.4.40 asks for a certifi that may not be there yet.
    requirements=("bentoml>=1.4,<1.4.40", *_TORCH),
    settings="API with batchable, max_batch_size 64, max_latency_ms 60000 (its default), one worker, torch",
    command=lambda _model, port, _folder: (
        "bentoml",
        "serve",
        "bentoml_app:Sentiment",
        f"--working-dir={_APPS}",
        "--host=127.0.0.1",
        f"--port={port}",
    ),
    variables=lambda model, _port, folder: {
        "BENCH_MODEL": str(model),
        "BENTOML_HOME": str(folder / "bentoml"),
        "BENTOML_DO_NOT_TRACK": "True",
    },
    ready="/readyz",
    path="/classify",
    body=lambda text: {"texts": [text]},
    label=lambda reply: str(reply[0]["label"]),
)

PEERS: Final = (
    _mlserver("mlserver-huggingface", optimum=False),
    _mlserver("mlserver-huggingface (optimum)", optimum=True),
    LITSERVE,
    BENTOML,
    _infinity("infinity_emb (torch)", engine="torch"),
    _infinity("infinity_emb (optimum)", engine="optimum"),
)
