"""The driver that asks an Open Inference Protocol endpoint: our own model server, or Triton, KServe, MLServer."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote

import httpx

from curation.serving import _patience, _protocol
from curation.serving.types import (
    InferRequest,
    InferResponse,
    InvalidRequest,
    ModelNotFound,
    ModelSpec,
    ModelUnavailable,
)

# Answers that mean "not now": the queue is full, or the model is still loading.
_LATER = frozenset({429, 502, 503, 504})
LONGEST_PAUSE_SECONDS = 2.0


class RemoteDriver:
    def __init__(self, url: str, *, timeout: float) -> None:
        self._url = url.rstrip("/").removesuffix("/v2")
        self._timeout = timeout
        self._specs: dict[str, ModelSpec] = {}
        # trust_env off: a proxy meant for the internet must not see the texts that readers read.
        self._client = httpx.Client(
            base_url=self._url, timeout=timeout, trust_env=False, headers={"content-type": "application/json"}
        )

    def infer(self, name: str, request: InferRequest) -> InferResponse:
        body = _protocol.dump(_protocol.request_document(request))
        document = self._ask("POST", f"/v2/models/{quote(name, safe='')}/infer", body)
        return self._read(_protocol.read_response, document)

    def spec(self, name: str) -> ModelSpec:
        if name not in self._specs:
            document = self._ask("GET", f"/v2/models/{quote(name, safe='')}")
            self._specs[name] = self._read(_protocol.read_spec, document)
        return self._specs[name]

    def is_ready(self) -> bool:
        try:
            return self._client.get("/v2/health/ready", timeout=2.0).status_code == 200
        except httpx.HTTPError:
            return False

    def close(self) -> None:
        self._client.close()

    def _ask(self, method: str, path: str, body: bytes | None = None) -> dict[str, Any]:
        """Asks again while the server says "later", as long as the whole timeout allows."""
        timeout = _patience.within(self._timeout)
        until = time.monotonic() + timeout
        pause = 0.05
        while True:
            try:
                response = self._client.request(
                    method, path, content=body, headers={"content-type": "application/json"}, timeout=timeout
                )
            except httpx.ConnectError:
                trouble = f"nothing answers at {self._url}"
            except httpx.HTTPError as error:
                raise ModelUnavailable(f"{self._url}: {error or type(error).__name__}") from error
            else:
                if response.status_code not in _LATER:
                    return self._checked(response)
                trouble = _complaint(response)
                pause = max(pause, _seconds(response.headers.get("retry-after", "")))
            if time.monotonic() + pause > until:
                raise ModelUnavailable(trouble)
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def _checked(self, response: httpx.Response) -> dict[str, Any]:
        if response.status_code == 404:
            raise ModelNotFound(_complaint(response))
        if response.status_code >= 500:
            raise ModelUnavailable(_complaint(response))
        if response.status_code >= 400:
            raise InvalidRequest(_complaint(response))
        return self._read(_protocol.load, response.content)

    def _read(self, reader: Any, document: Any) -> Any:
        """What the server sends wrongly is the server's fault, not the caller's."""
        try:
            return reader(document)
        except (InvalidRequest, KeyError, TypeError, ValueError) as error:
            raise ModelUnavailable(f"{self._url} does not speak the Open Inference Protocol v2: {error}") from error


def _complaint(response: httpx.Response) -> str:
    try:
        return str(_protocol.load(response.content)["error"])
    except (InvalidRequest, KeyError):
        return f"{response.url} answered {response.status_code}"


def _seconds(header: str) -> float:
    return min(float(header), LONGEST_PAUSE_SECONDS) if header.isdigit() else 0.0
