"""The driver that asks an Open Inference Protocol endpoint: our own model server, or Triton, KServe, MLServer."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import httpx
import orjson

from curation.serving import _patience, _protocol
from curation.serving.types import (
    DeadlineExceeded,
    InferRequest,
    InferResponse,
    InvalidRequest,
    ModelNotFound,
    ModelSpec,
    ModelState,
    ModelUnavailable,
    Overloaded,
    Progress,
    ServingError,
)

LONGEST_PAUSE_SECONDS = 2.0
LOST_CONNECTIONS = 1  # survived by asking again; a request that ends the server each time must not do so for ever
PROBE_SECONDS = 2.0
# Beyond its deadline a request's answer is still on its way.
GRACE_SECONDS = 1.0


class RemoteDriver:
    def __init__(self, url: str, *, timeout: float) -> None:
        self._url = url.rstrip("/").removesuffix("/v2")
        self._timeout = timeout
        self._specs: dict[str, ModelSpec] = {}
        # trust_env off: a proxy meant for the internet must not see the texts that readers read.
        self._client = httpx.Client(
            base_url=self._url, timeout=timeout, trust_env=False, headers={"content-type": "application/json"}
        )

    def infer(self, name: str, request: InferRequest, version: str = "") -> InferResponse:
        allowed = request.timeout_seconds
        seconds = _patience.within(self._timeout if allowed is None else allowed)
        # A caller who no longer waits then should not be computed for either.
        parameters = {**request.parameters, "timeout": max(1, int(seconds * 1_000_000))}
        body = _protocol.dump(_protocol.request_document(InferRequest(request.inputs, parameters, request.id)))
        document = self._ask("POST", _path(name, version, "infer"), body, seconds=seconds)
        response: InferResponse = self._read(_protocol.read_response, document)
        known = self._specs.get(name)
        if known is not None and not version and response.version != known.version:
            self._specs.pop(name, None)  # another version answers by now
        return response

    def spec(self, name: str) -> ModelSpec:
        known = self._specs.get(name)
        if known is None:
            known = self._specs[name] = self._read(_protocol.read_spec, self._ask("GET", _path(name)))
        return known

    def has_model(self, name: str) -> bool:
        try:
            self._ask("GET", _path(name))
        except ModelNotFound:
            return False
        return True

    def is_ready(self) -> bool:
        try:
            return self._client.get("/v2/health/ready", timeout=PROBE_SECONDS).status_code == 200
        except httpx.HTTPError:
            return False

    def states(self) -> list[ModelState]:
        states: list[ModelState] = self._read(
            _protocol.read_index, self._ask("POST", "/v2/repository/index", b"{}", seconds=PROBE_SECONDS)
        )
        return states

    def progress(self, name: str, request_id: str) -> Progress | None:
        try:
            document = self._ask("GET", _path(name, "", "requests", request_id), seconds=PROBE_SECONDS)
        except ModelNotFound:
            return None
        progress: Progress = self._read(_protocol.read_progress, document)
        return progress

    def cancel(self, name: str, request_id: str) -> bool:
        try:
            self._ask("POST", _path(name, "", "requests", request_id, "cancel"), b"{}", seconds=PROBE_SECONDS)
        except ModelNotFound:
            return False
        return True

    def close(self) -> None:
        self._client.close()

    def _ask(self, method: str, path: str, body: bytes | None = None, *, seconds: float | None = None) -> Any:
        """Asks again while the server is away or says "later", as long as the whole time allows."""
        seconds = _patience.within(self._timeout if seconds is None else seconds)
        until = time.monotonic() + seconds
        pause, lost = 0.05, 0
        while True:
            trouble: ServingError
            try:
                left = max(0.01, until - time.monotonic())
                response = self._client.request(
                    method, path, content=body, headers={"content-type": "application/json"},
                    timeout=httpx.Timeout(left, read=left + GRACE_SECONDS),
                )  # fmt: skip
            except httpx.ConnectError:
                trouble = ModelUnavailable(f"nothing answers at {self._url}")
            except httpx.TimeoutException as error:
                raise DeadlineExceeded(f"{self._url} did not answer within {seconds:g} s") from error
            except httpx.HTTPError as error:
                # It died over the request, or closed a connection that we had kept. What it computes has no side
                # effects, so the request may be made again.
                trouble = ModelUnavailable(f"{self._url}: {error or type(error).__name__}")
                lost += 1
                if lost > LOST_CONNECTIONS:
                    raise trouble from error
            else:
                if response.is_success:
                    return self._read(orjson.loads, response.content)
                trouble = _refusal(response)
                if not _is_for_now(response, trouble):
                    raise trouble
                pause = max(pause, min(_retry_after(response), LONGEST_PAUSE_SECONDS))
            if time.monotonic() + pause > until:
                raise trouble
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def _read(self, reader: Callable[[Any], Any], document: Any) -> Any:
        """What the server sends wrongly is the server's fault, not the caller's."""
        try:
            return reader(document)
        except (InvalidRequest, AttributeError, KeyError, TypeError, ValueError) as error:
            raise ModelUnavailable(f"{self._url} does not speak the Open Inference Protocol v2: {error}") from error


def _path(name: str, version: str = "", *more: str) -> str:
    parts = ["models", name, *(["versions", version] if version else []), *more]
    return "/v2/" + "/".join(quote(part, safe="") for part in parts)


def _refusal(response: httpx.Response) -> ServingError:
    """What the answering side raised, where it says so; else what its status means."""
    text = f"{response.url} answered {response.status_code}"
    try:
        document = _protocol.load(response.content)
        error = _protocol.read_error(document)
        if isinstance(error, Overloaded):
            return Overloaded(str(error), max(1, _retry_after(response)))
        if error is not None:
            return error
        text = str(document["error"])
    except (InvalidRequest, KeyError):
        pass
    if response.status_code == 404:
        return ModelNotFound(text)
    if response.status_code == 429:
        return Overloaded(text, max(1, _retry_after(response)))
    return ModelUnavailable(text) if response.status_code >= 500 else InvalidRequest(text)


def _is_for_now(response: httpx.Response, trouble: ServingError) -> bool:
    """The queue is full, or somebody between us and the models says that they are away for a moment."""
    if isinstance(trouble, Overloaded) or "retry-after" in response.headers:
        return True
    says_why = response.headers.get("content-type", "").startswith("application/json")
    return response.status_code in (502, 503, 504) and not says_why


def _retry_after(response: httpx.Response) -> int:
    """Seconds; 0 where nothing is said, or a date."""
    header = response.headers.get("retry-after", "")
    return int(header) if header.isdecimal() and header.isascii() else 0
