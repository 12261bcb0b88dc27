"""The page at /docs: what the server answers to, to read and to try, without any other server's files."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

import fastapi_offline
from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.openapi.utils import get_openapi
from fastapi.staticfiles import StaticFiles
from starlette.responses import HTMLResponse

TITLE = "ModelMonitor predictor"
_FILES = "/docs/files"


def add_docs(app: FastAPI) -> None:
    """/docs, and a document of the routes so far: kserve's duplicates come later and are never reached."""
    routes = list(app.routes)
    document: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not document:
            document.update(
                _without_422(get_openapi(title=TITLE, version=version("modelmonitor"), routes=routes))
            )
        return document

    # FastAPI documents exactly this assignment as the way to replace the document.
    app.openapi = openapi  # type: ignore[method-assign]
    # FastAPI's own page loads these from a public network, which a cluster often cannot reach.
    app.mount(_FILES, StaticFiles(directory=Path(fastapi_offline.__file__).parent / "static"))

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url="/openapi.json",
            title=TITLE,
            swagger_js_url=f"{_FILES}/swagger-ui-bundle.js",
            swagger_css_url=f"{_FILES}/swagger-ui.css",
            swagger_favicon_url=f"{_FILES}/favicon.png",
        )


def _without_422(document: dict[str, Any]) -> dict[str, Any]:
    """FastAPI writes its own validation error to each route with a parameter; we never answer it."""
    for path in document["paths"].values():
        for operation in path.values():
            operation["responses"].pop("422", None)
    document.get("components", {}).pop("schemas", None)
    return document
