"""Errors of the predictor, one class for each thing that the caller, or whoever starts it, has to do next."""

from __future__ import annotations

from typing import Any, ClassVar


class ServingError(Exception):
    """A request that gets no prediction; its message is one sentence for the caller.

    Attributes:
        status: the HTTP status of the answer; gRPC derives its code from it.
        error_type: value of the label `error_type` of `api_errors_total`.
        retry_after_s: seconds after which the same request may succeed, None when repeating it is pointless.
    """

    status: ClassVar[int] = 500
    error_type: ClassVar[str] = "internal"
    retry_after_s: int | None = None

    def content(self) -> dict[str, Any]:
        """The body of the answer, before it is made JSON."""
        return {"error": str(self)}

    def headers(self) -> dict[str, str]:
        """Headers of the answer that belong to the error."""
        headers = {} if self.retry_after_s is None else {"retry-after": str(self.retry_after_s)}
        return headers | ({"www-authenticate": "Bearer"} if self.status == 401 else {})


class InvalidRequest(ServingError):
    """The request must be changed before it can be answered."""

    status = 400
    error_type = "invalid_request"


class InvalidText(InvalidRequest):
    """One of the texts cannot be classified: empty, too long or not text."""

    error_type = "invalid_text"


class RequestTooLarge(ServingError):
    """The body, or the number of texts in it, is over the limit: send less at once."""

    status = 413
    error_type = "too_large"


class Unauthorized(ServingError):
    """The route needs a bearer token that the request does not carry."""

    status = 401
    error_type = "unauthorized"


class Forbidden(ServingError):
    """The route exists in the protocol but this server never serves it."""

    status = 403
    error_type = "forbidden"


class UnknownModel(ServingError):
    """The model or the version in the path is not the one served here."""

    status = 404
    error_type = "unknown_model"


class NotOffered(ServingError):
    """The protocol has this call but a text classifier cannot answer it."""

    status = 501
    error_type = "not_offered"


class Overloaded(ServingError):
    """The queue is full: send the request again a little later, or add replicas."""

    status = 503
    error_type = "overloaded"

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Stopping(ServingError):
    """The server is going down: another replica answers."""

    status = 503
    error_type = "stopping"
    retry_after_s = 1


class NotReady(ServingError):
    """The forward thread is gone: Kubernetes restarts the container."""

    status = 503
    error_type = "not_ready"
    retry_after_s = 5


class LogUnavailable(ServingError):
    """The prediction could not be logged and the policy is to refuse rather than to lose its row."""

    status = 503
    error_type = "log_unavailable"
    retry_after_s = 10


class InferenceFailed(ServingError):
    """The model failed on a text of the request; other requests of the batch were answered."""

    error_type = "inference"


# What a request for a prediction can end in; the metrics show each from the start, at 0.
PREDICTION_ERRORS: tuple[type[ServingError], ...] = (
    ServingError,
    InvalidRequest,
    InvalidText,
    RequestTooLarge,
    UnknownModel,
    Overloaded,
    Stopping,
    NotReady,
    LogUnavailable,
    InferenceFailed,
)


class StartError(Exception):
    """The server cannot start; its message says why and what to change."""

    exit_code: ClassVar[int] = 1


class InvalidSettings(StartError):
    """An environment variable or a flag has a value that cannot be used."""

    exit_code = 2


class ModelMissing(StartError):
    """There is no model where the settings say."""


class ModelUnusable(StartError):
    """There is a model, but it is not a text classifier that this server can run."""


class TargetTaken(StartError):
    """A folder is to be written where there is something already, or made of itself: name another."""

    exit_code = 2


class PortInUse(StartError):
    """Another process listens on the port."""
