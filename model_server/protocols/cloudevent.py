"""CloudEvents on the V1 route: an event in is answered by an event, as kserve's own V1 route does it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

from starlette.responses import Response

from model_server.errors import InvalidRequest
from model_server.protocols.body import json_response, parse_object

STRUCTURED: Final = "application/cloudevents+json"
RESPONSE_TYPE: Final = "io.kserve.inference.response"


@dataclass(frozen=True, slots=True)
class Event:
    """A V1 body and how it came: plain, or in a CloudEvent 1.0 of binary or structured mode."""

    mode: Literal["plain", "binary", "structured"]
    data: dict[str, Any]

    @property
    def source(self) -> Literal["v1", "cloudevent"]:
        """What the log calls the protocol."""
        return "v1" if self.mode == "plain" else "cloudevent"

    def reply(self, content: dict[str, Any], *, model_name: str, headers: dict[str, str]) -> Response:
        """The answer in the mode of the request."""
        if self.mode == "plain":
            return json_response(content, headers=headers)
        attributes = {
            "specversion": "1.0",
            "id": str(uuid.uuid4()),
            "type": RESPONSE_TYPE,
            "source": f"io.kserve.inference.{model_name}",
            "time": datetime.now(UTC).isoformat(),
        }
        if self.mode == "binary":
            return json_response(
                content, headers=headers | {f"ce-{name}": value for name, value in attributes.items()}
            )
        response = json_response(
            {**attributes, "datacontenttype": "application/json", "data": content}, headers=headers
        )
        response.headers["content-type"] = STRUCTURED
        return response


def event_of(headers: Mapping[str, str], body: bytes) -> Event:
    """The V1 body of a request, taken out of its CloudEvent if it is in one.

    Raises:
        InvalidRequest: not JSON, or a structured event whose data is no object.
    """
    content = parse_object(body)
    if headers.get("content-type", "").partition(";")[0].strip().lower() == STRUCTURED:
        if not isinstance(content.get("data"), dict):
            msg = 'the CloudEvent must have a field "data" with the V1 request as an object.'
            raise InvalidRequest(msg)
        return Event("structured", content["data"])
    return Event("binary" if "ce-id" in headers and "ce-type" in headers else "plain", content)
