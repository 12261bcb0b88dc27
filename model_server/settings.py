"""Settings of the predictor, read from environment variables with the prefix MM_SERVER_."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from model_server.setting_types import DatabaseUrl, settings_from_environment

PREFIX = "MM_SERVER_"
_KSERVE_NAME = "INFERENCE_SERVICE_NAME"


class ServerSettings(BaseSettings):
    """Everything that can be set about a predictor, by environment variables."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", protected_namespaces=())

    model_uri: str = Field(
        default="/mnt/models",
        min_length=1,
        description="Where the model is: a directory, models:/name@alias or models:/name/version of MLflow, "
        "or a Hugging Face "
        "id. Default: the directory into which KServe's storage initializer puts it.",
    )
    model_name: str = Field(
        default="sentiment",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$",
        description="Name in the paths of V1 and V2, in model_info and in every logged row. Not set in an "
        "InferenceService of KServe: the name of that.",
    )
    model_version: str = Field(
        default="",
        max_length=128,
        description="Version written into every row. Default: the MLflow version number, else the first 12 "
        "hex digits of the "
        "SHA-256 of the weights, which differ whenever the model does.",
    )
    deployment_id: str = Field(
        default="",
        max_length=253,
        description="Name by which drift jobs find this deployment's rows. Default: the model name.",
    )
    mlflow_tracking_uri: str = Field(
        default="",
        description="MLflow server for models:/ addresses. Default: MLFLOW_TRACKING_URI, as for every MLflow "
        "client.",
    )
    model_cache_dir: Path = Field(
        default=Path("~/.cache/modelmonitor/models"),
        description="Directory for models downloaded from MLflow, and for what was exported from a model and "
        "found out about its precisions, so that a restart does neither again. Not needed: without it both "
        "happen at every start.",
    )

    host: str = Field(
        default="0.0.0.0",  # noqa: S104  # a container is reached from outside of itself
        min_length=1,
        description="Address that both ports listen on. Default: every IPv4 address, as KServe's probes come "
        "from outside the container; 127.0.0.1 keeps a server on a laptop to itself, :: is IPv6.",
    )
    http_port: int = Field(
        default=8080, ge=1, le=65535, description="Port of REST; 8080 is what KServe expects."
    )
    grpc_port: int = Field(
        default=8081, ge=1, le=65535, description="Port of gRPC; 8081 is what KServe expects."
    )
    receive_timeout_s: float = Field(
        default=30.0,
        gt=0,
        description="Seconds within which a request must have arrived whole, else it gets 408: a client that "
        "sends a byte now and then cannot hold a connection. 30 lets 8 MiB come at 280 kB/s.",
    )
    keep_alive_s: int = Field(
        default=65,
        ge=1,
        description="Seconds for which a connection without requests is kept: longer than the 60 of usual "
        "load balancers, so that it is never the server that closes first.",
    )
    grace_s: int = Field(
        default=20,
        ge=0,
        le=3600,
        description="Seconds that requests in flight get after SIGTERM. 20 leaves 10 of Kubernetes' default "
        "30 for the log.",
    )
    flush_s: float = Field(
        default=5.0,
        ge=0,
        description="Seconds to wait for PostgreSQL at the end. What is not written by then stays on disk "
        "for the next start.",
    )

    device: Literal["auto", "cpu", "cuda"] = Field(
        default="auto", description="Where the model runs; auto takes a GPU if torch sees one."
    )
    runtime: Literal["auto", "onnx", "torch"] = Field(
        default="auto",
        description="Which library runs the model. auto: the faster one of those that are right for this "
        "model on this machine.",
    )
    precision: Literal["auto", "fp32", "bf16", "int8"] = Field(
        default="auto",
        description="Numbers in matrix products. auto: the fastest of this machine. Whatever is set, less "
        "than fp32 is used only if 99.5 % of the labels of built-in texts are those of fp32 and a text's "
        "score does not depend on its batch; else the log says so and fp32 runs. On GPUs without bfloat16, "
        "bf16 means float16.",
    )
    torch_threads: int = Field(
        default=0,
        ge=0,
        description="Threads of one forward pass. 0: the cores that this container may use (cgroup limit).",
    )
    max_tokens: int = Field(
        default=0,
        ge=0,
        description="Tokens of a text that the model reads; the rest is cut. 0: as many as the model can.",
    )
    max_text_chars: int = Field(
        default=20_000,
        ge=1,
        description="Characters a text may have, beyond which it is refused: about ten times what 512 tokens "
        "hold, so nothing "
        "sensible is refused and nobody stores megabytes.",
    )
    max_request_texts: int = Field(
        default=256,
        ge=1,
        description="Texts in one request. Larger ones would delay everyone else's by seconds.",
    )
    max_body_bytes: int = Field(
        default=8 * 1024 * 1024,
        ge=1024,
        description="Bytes of a request body; 8 MiB is kserve's limit for a gRPC message too.",
    )
    max_batch_texts: int = Field(
        default=64, ge=1, description="Texts in one forward pass. On a GPU the default is 512."
    )
    max_batch_tokens: int = Field(
        default=1024,
        ge=8,
        description="Tokens in one forward pass, padding included where texts are padded. Bounds memory and "
        "the time for which newcomers wait. On a GPU the default is 32768.",
    )
    max_queued_texts: int = Field(
        default=512,
        ge=1,
        description="Texts that may wait for a forward pass; beyond that requests get 503 at once. 512 is a "
        "few seconds on two "
        "cores: later answers find nobody waiting.",
    )
    max_queued_tokens: int = Field(
        default=32_768,
        ge=1,
        description="Tokens, counted as a quarter of the characters, that may wait for a forward pass: the "
        "same bound for long texts, a few seconds on two cores. On a GPU the default is 1048576, and 16384 "
        "texts.",
    )

    log: Literal["spool", "off"] = Field(
        default="spool",
        description="spool: every prediction goes to disk, then to PostgreSQL. off: nothing is logged.",
    )
    when_log_full: Literal["refuse", "drop"] = Field(
        default="refuse",
        description="What happens when the disk quota of the log is used up. refuse: requests get 503, no "
        "row is lost. drop: "
        "requests are answered, and the lost rows counted in api_prediction_log_dropped_total.",
    )
    spool_dir: Path = Field(
        default=Path("/var/lib/modelmonitor/spool"),
        description="Directory of the log on disk; it must survive a restart of the container (emptyDir or "
        "volume).",
    )
    spool_max_bytes: int = Field(
        default=1024 * 1024 * 1024,
        ge=1024 * 1024,
        description="Disk quota of the log; 1 GiB holds about half a million rows.",
    )
    database_url: DatabaseUrl = Field(
        default=SecretStr(""),
        description="postgresql://user:password@host:port/name. Empty: rows stay in the spool until a start "
        "with an address.",
    )
    input_text: Literal["store", "hash", "drop"] = Field(
        default="store", description="What is logged of the text: itself, its SHA-256, or nothing."
    )
    log_embeddings: bool = Field(
        default=True,
        description="Log the mean-pooled embedding (2 bytes a dimension), so that drift jobs need not encode "
        "again.",
    )
    score_token: SecretStr = Field(
        default=SecretStr(""), description="Bearer token of POST /reference/score; empty closes that route."
    )

    @property
    def deployment(self) -> str:
        """The deployment id in force."""
        return self.deployment_id or self.model_name


def load_settings(overrides: dict[str, Any]) -> ServerSettings:
    """The settings from the environment, with flags in `overrides` winning.

    Raises:
        InvalidSettings: naming each variable, its problem, and never the value of a secret.
    """
    return settings_from_environment(ServerSettings, **{**_name_given_by_kserve(), **overrides})


def _name_given_by_kserve() -> dict[str, str]:
    # KServe's own servers take this name too, and a monitor of the InferenceService looks for it.
    name = os.environ.get(_KSERVE_NAME)
    return {} if name is None or f"{PREFIX}MODEL_NAME" in os.environ else {"model_name": name}
