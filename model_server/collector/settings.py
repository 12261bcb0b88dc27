"""Settings of the collector, read from environment variables with the prefix MM_COLLECTOR_."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from model_server.setting_types import MIB, DatabaseUrl, settings_from_environment
from modelmonitor.store.orphans import EventLifetimes

PREFIX = "MM_COLLECTOR_"


class CollectorSettings(BaseSettings):
    """Everything that can be set about a collector, by environment variables."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", protected_namespaces=())

    host: str = Field(default="0.0.0.0", description="Address to listen on; every one, as in a pod.")  # noqa: S104
    port: int = Field(default=8080, ge=0, le=65535, description="Port to listen on.")
    token_file: Path | None = Field(
        default=None,
        description="File with one bearer token a line; of several each is valid, so that they can be "
        "exchanged one by one. Read again when it changes.",
    )
    anonymous: bool = Field(
        default=False,
        description="Take labels and alerts without a token. Without a token file and without this the "
        "collector listens on a loopback address only.",
    )
    events_need_token: bool = Field(
        default=False,
        description="Ask a token for events too. Off, because KServe's agent can send none: let a "
        "NetworkPolicy say who reaches the port.",
    )
    tls_cert_file: Path | None = Field(
        default=None,
        description="Certificate chain, PEM; with it HTTPS is spoken. Read again when it changes.",
    )
    tls_key_file: Path | None = Field(default=None, description="Key of the certificate, PEM.")

    max_event_bytes: int = Field(
        default=16 * MIB,
        ge=1024,
        description="Bytes of an event, also once unpacked; twice what the predictor takes.",
    )
    max_feedback_bytes: int = Field(
        default=8 * MIB, ge=1024, description="Bytes of labels or alerts in a request, also once unpacked."
    )
    max_labels: int = Field(
        default=100_000, ge=1, description="Labels in one request: 8 MiB hold about as many."
    )
    max_inflight_bytes: int = Field(
        default=128 * MIB,
        ge=1024,
        description="Bytes of bodies that are being received at one time, which bounds the memory; "
        "beyond it 503.",
    )
    body_timeout_s: float = Field(
        default=30.0, gt=0, description="Seconds that a sender may take for its body; then 408."
    )
    max_connections: int = Field(
        default=4096,
        ge=1,
        description="Connections at one time; beyond it 503, so that files do not run out.",
    )
    feedback_rate: float = Field(
        default=50.0,
        ge=0,
        description="Requests a second to /feedback and to /alerts from one address, twice as many at once; "
        "beyond it 429. 0: no limit. One request takes many labels.",
    )
    event_rate: float = Field(
        default=0.0,
        ge=0,
        description="The same for events. 0, because KServe's agent does not send an event again.",
    )

    spool_dir: Path = Field(
        default=Path("/var/lib/modelmonitor/collector"),
        description="Directory of what PostgreSQL has not got yet; it must survive a restart of the "
        "container.",
    )
    spool_max_bytes: int = Field(
        default=1024 * MIB,
        ge=MIB,
        description="Disk quota; beyond it 507. 1 GiB holds one to two million events of short texts.",
    )
    database_url: DatabaseUrl = Field(
        default=SecretStr(""),
        description="postgresql://user:password@host:port/name. Empty: everything stays on disk until a "
        "start with an address.",
    )
    flush_s: float = Field(
        default=5.0, ge=0, description="Seconds to wait for PostgreSQL at the end; the rest stays on disk."
    )
    grace_s: int = Field(
        default=10, ge=0, le=3600, description="Seconds that requests in flight get after SIGTERM."
    )

    input: Literal["store", "hash", "drop"] = Field(
        default="store",
        description="What is kept of a text: itself, its SHA-256, or nothing; as privacy.input of a "
        "ModelMonitor. It holds for the disk too.",
    )
    max_text_chars: int = Field(
        default=20_000, ge=1, description="Characters of a text that are kept; the rest is cut."
    )
    deployment_ids: Literal["name", "namespace/name"] = Field(
        default="name",
        description="Name of a deployment in the log. name: of the InferenceService, by which drift jobs "
        "look. namespace/name: where two namespaces have services of one name in one database.",
    )
    deployment_id: str = Field(
        default="",
        max_length=253,
        description="Deployment of events that name no InferenceService. Empty: such events are refused.",
    )
    model_version: str = Field(
        default="",
        max_length=128,
        description="Version of models whose replies do not say theirs, as V1 replies never do.",
    )
    classes: Mapping[str, tuple[str, ...]] = Field(
        default_factory=dict,
        examples=['{"sentiment": ["NEGATIVE", "POSITIVE"]}'],
        description="Classes in the model's order, by deployment, as JSON: "
        '{"sentiment": ["NEGATIVE", "POSITIVE"]}. '
        "They name the numbers in replies. Without them a class is called by its number, and named "
        "probabilities are put in alphabetical order.",
    )

    orphan_after_s: float = Field(
        default=120.0,
        gt=0,
        description="Seconds in the database after which half of an event counts as an orphan; longer than a "
        "model may take. A partner that comes later is still joined.",
    )
    keep_orphans_days: float = Field(
        default=7.0, gt=0, description="Days that orphans and unreadable bodies are kept."
    )
    repeats_known_s: float = Field(
        default=3600.0,
        gt=0,
        description="Seconds for which a joined event is remembered, so that a repeat is not taken for an "
        "orphan.",
    )
    sweep_interval_s: float = Field(
        default=10.0, gt=0, description="Seconds between two searches for orphans."
    )

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if (self.tls_cert_file is None) != (self.tls_key_file is None):
            msg = f"{PREFIX}TLS_CERT_FILE and {PREFIX}TLS_KEY_FILE belong together; set both or none"
            raise ValueError(msg)
        if not self.token_file and not self.anonymous and not _is_loopback(self.host):
            msg = (
                f"anybody could send labels and alerts to {self.host}; name a file with tokens in "
                f"{PREFIX}TOKEN_FILE, or set {PREFIX}ANONYMOUS=true if a NetworkPolicy guards the port"
            )
            raise ValueError(msg)
        if self.events_need_token and not self.token_file:
            msg = f"{PREFIX}EVENTS_NEED_TOKEN needs the tokens; name their file in {PREFIX}TOKEN_FILE"
            raise ValueError(msg)
        return self

    @property
    def lifetimes(self) -> EventLifetimes:
        """How long what is left of events stays in the database."""
        return EventLifetimes(
            partner=timedelta(seconds=self.orphan_after_s),
            orphans=timedelta(days=self.keep_orphans_days),
            repeats=timedelta(seconds=self.repeats_known_s),
        )


def load_settings() -> CollectorSettings:
    """The settings from the environment.

    Raises:
        InvalidSettings: naming each variable, its problem, and never the value of a secret.
    """
    return settings_from_environment(CollectorSettings)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
