"""`python -m curation.serving.ray`: the same models as deployments of Ray Serve, behind the same addresses.

For what one machine cannot carry: replicas come and go with the load, on any node of a Ray cluster whose environment
has this code, its settings and the models' files. Ray is imported only inside functions: without this module nobody
needs it.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import math
import os
import secrets
import signal
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from curation.serving import _registry
from curation.serving._batching import Batch, Waiting, Watcher, free, in_words, load, sharing, too_late
from curation.serving._registry import Registry
from curation.serving.types import (
    Cancelled,
    DeadlineExceeded,
    InferRequest,
    InferResponse,
    Model,
    ModelSpec,
    ModelState,
    ModelUnavailable,
    Overloaded,
    Progress,
    ServingError,
    Tensor,
)

logger = logging.getLogger("curation.serving.ray")

INSTALL = 'Ray is not installed here: pip install "ray[serve]"'
NAMESPACE = "gyeol"
DOOR = "gyeol-door"  # the application that speaks the protocol, and the actor that its parts share
DEPLOYMENT = "model"  # of every other application
LOADING_SECONDS = 600
LOAD_ATTEMPTS = 1  # a corrupt file stays corrupt; POST …/load tries again
ENDING_SECONDS = 10
OBJECT_STORE_BYTES = 100 * 1024 * 1024
LOOKING_SECONDS = 0.3  # between two looks at what loads
STATES_SECONDS = 1.0  # how old a cluster's answer about its applications may be
TELLING_SECONDS = 0.1  # between two reports of one computation's progress
BATCHES_AT_THE_THREAD = 64
WEIGHT_OF_THE_LATEST = 0.3  # in the running mean of how long an answer takes
_LOGGING = {"log_level": "WARNING", "enable_access_log": False}
# Nothing is reported to Ray's makers, and each process keeps its log to a file.
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_SERVE_LOG_TO_STDERR": "0", "RAY_DEDUP_LOGS": "0"}


@dataclass(frozen=True)
class Scale:
    """How large a deployment may grow, and what each replica of it takes."""

    max_replicas: int = 1
    cpus: float = 0.1
    gpus: Mapping[str, float] = field(default_factory=dict)  # by the model's name


# -- The board: what the parts of the door tell each other ---------------------------------------------------


class Board:
    """One small actor: how far requests are, which are called off, why models failed, and all counts for Prometheus."""

    def __init__(self) -> None:
        from curation.serving._metrics import Metrics

        self._metrics = Metrics()
        self._asked: dict[tuple[str, str], int] = {}
        self._progress: dict[tuple[str, str], Progress] = {}  # by model and request id
        self._called_off: dict[tuple[str, str], asyncio.Event] = {}
        self._failures: dict[tuple[str, str], str] = {}  # by model and version

    async def asked(self, name: str, version: str) -> None:
        self._asked[name, version] = self._asked.get((name, version), 0) + 1

    async def answered(self, name: str, version: str, outcome: str) -> None:
        self._asked[name, version] = self._asked.get((name, version), 1) - 1
        self._metrics.answered(name, version, outcome)

    async def follow(self, name: str, request_id: str) -> bool:
        """Returns once the request is called off (True) or over (False)."""
        event = self._called_off.setdefault((name, request_id), asyncio.Event())
        self._progress.setdefault((name, request_id), Progress(0, 0, "waiting"))
        await event.wait()
        return (name, request_id) in self._progress

    async def tell(self, name: str, request_ids: Sequence[str], progress: Progress) -> None:
        for request_id in request_ids:
            if (name, request_id) in self._progress:
                self._progress[name, request_id] = progress

    async def over(self, name: str, request_id: str) -> None:
        self._progress.pop((name, request_id), None)
        if event := self._called_off.pop((name, request_id), None):
            event.set()

    async def progress(self, name: str, request_id: str) -> Progress | None:
        return self._progress.get((name, request_id))

    async def cancel(self, name: str, request_id: str) -> bool:
        event = self._called_off.get((name, request_id))
        if event is not None:
            event.set()
        return event is not None

    async def failed(self, name: str, version: str, reason: str) -> None:
        self._failures[name, version] = reason

    async def failures(self) -> dict[tuple[str, str], str]:
        return self._failures

    async def loaded(self, name: str, version: str, seconds: float) -> None:
        self._failures.pop((name, version), None)
        self._metrics.loaded(name, version, seconds)

    async def computed(self, name: str, version: str, rows: int, queued: Sequence[float], seconds: float) -> None:
        self._metrics.computed(name, version, rows, queued, seconds)

    async def metrics(self, states: Sequence[ModelState]) -> bytes:
        return self._metrics.text(states, self._asked)


class BoardWatcher(Watcher):
    """Tells the board and waits for nothing."""

    def __init__(self, board: Any) -> None:
        self._board = board

    def loaded(self, name: str, version: str, seconds: float) -> None:
        self._board.loaded.remote(name, version, seconds)

    def computed(self, name: str, version: str, rows: int, queued: Sequence[float], seconds: float) -> None:
        self._board.computed.remote(name, version, rows, queued, seconds)

    def answered(self, name: str, version: str, outcome: str) -> None:
        self._board.answered.remote(name, version, outcome)


def _board() -> Any:
    import ray

    return (
        ray.remote(Board)
        .options(name=DOOR, namespace=NAMESPACE, get_if_exists=True, num_cpus=0, lifetime="detached", max_restarts=-1)
        .remote()
    )


# -- Replicas: one version of a model in a process of the cluster --------------------------------------------


class Replica:
    """Computes on one thread of its own, never on the event loop that Serve's health checks need."""

    def __init__(self, name: str, version: str) -> None:
        _set_up()
        from ray import serve

        self._model = model = _registry.models().model(name, version)
        self._board = _board()
        self._watcher = BoardWatcher(self._board)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"model-{name}")
        self._pending: list[Waiting] = []
        self._told_at = 0.0
        try:
            self._compute = self._thread.submit(load, model, self._watcher).result()
        except BaseException as error:
            self._board.failed.remote(name, version, f"it could not be loaded: {in_words(error)}")
            raise

        @serve.batch(
            max_batch_size=model.batching.max_rows,
            batch_wait_timeout_s=model.batching.window_seconds,
            batch_size_fn=self._size,
            max_concurrent_batches=BATCHES_AT_THE_THREAD,
        )
        async def together(batch: list[Waiting]) -> list[None]:
            # What was gathered while the thread computed is gathered once more, into as few computations as fit.
            self._pending.extend(batch)
            await asyncio.get_running_loop().run_in_executor(self._thread, self._compute_pending)
            return [None] * len(batch)

        self._together = together

    async def answer(self, request: InferRequest) -> tuple[Tensor, ...] | ServingError:
        """An error is an answer: raised, Ray would wrap it in pages of its own."""
        try:
            waiting = Waiting(request, self._model)
        except ServingError as error:
            return error
        try:
            await self._together(waiting)
            return waiting.result(0)
        except ServingError as error:
            return error
        finally:
            waiting.cancel()  # without effect where there is an answer: the caller went away

    def _size(self, batch: list[Waiting]) -> int:
        """In rows, with costs put to their scale. Whoever alone is too large counts as just fitting."""
        batching = self._model.batching
        shares = [sum(each.rows for each in batch) / batching.max_rows]
        if batching.max_cost is not None:
            shares.append(sum(each.cost for each in batch) / batching.max_cost)
        size = math.ceil(max(shares) * batching.max_rows)
        return min(size, batching.max_rows) if len(batch) == 1 else size

    def _compute_pending(self) -> None:
        while self._pending:
            waiting = list(self._pending)
            together, _ = sharing(waiting, self._model.batching)
            for each in together:
                self._pending.remove(each)
            began = time.monotonic()
            Batch(together, tell=self._tell).compute(self._compute)
            self._watcher.computed(
                self._model.spec.name,
                self._model.spec.version,
                sum(each.rows for each in together),
                [began - each.arrived for each in together],
                time.monotonic() - began,
            )

    def _tell(self, waiting: Sequence[Waiting], progress: Progress) -> None:
        ids = [each.request.id for each in waiting if each.request.id]
        if ids and time.monotonic() - self._told_at >= TELLING_SECONDS:
            self._told_at = time.monotonic()
            self._board.tell.remote(self._model.spec.name, ids, progress)

    def __del__(self) -> None:
        free(getattr(self, "_compute", None))


# -- The engine ----------------------------------------------------------------------------------------------


class RayEngine:
    """Every version of a model is an application of its own: one that fails to load takes none of the others along."""

    def __init__(self, models: Registry, scale: Scale) -> None:
        self.models = models
        self._scale = scale
        self._board = _board()
        self._watcher = BoardWatcher(self._board)
        self._changes = ThreadPoolExecutor(4, thread_name_prefix="changes")
        self._states: tuple[float, Sequence[ModelState]] = (-math.inf, ())
        self._seconds: dict[tuple[str, str], float] = {}  # what an answer takes lately
        self._handles: dict[tuple[str, str], Any] = {}

    def start(self) -> None:
        """Deploys what does not run yet."""
        running = {(state.name, state.version) for state in self.states() if state.state in ("loading", "ready")}
        self._deploy([model for model in self.models if (model.spec.name, model.spec.version) not in running])

    def close(self) -> None:
        self._changes.shutdown(wait=False, cancel_futures=True)

    async def answer(self, name: str, version: str, request: InferRequest) -> InferResponse:
        model = await self._model(name, version)
        version = model.spec.version
        Waiting(request, model)  # or it does not fit the model: that need not travel
        self._board.asked.remote(name, version)
        with self._watcher.counting(name, version):
            return InferResponse(name, version, await self._outputs(model, request), request.id)

    async def _outputs(self, model: Model, request: InferRequest) -> tuple[Tensor, ...]:
        from ray.serve.exceptions import BackPressureError

        name, version = model.spec.name, model.spec.version
        began = time.monotonic()
        response = self._handle(name, version).answer.remote(request)
        computed = asyncio.ensure_future(_awaited(response))
        called_off = asyncio.ensure_future(self._called_off(name, request.id))
        try:
            await asyncio.wait(
                {computed, called_off}, timeout=request.timeout_seconds, return_when=asyncio.FIRST_COMPLETED
            )
            if called_off.done() and not computed.done():
                raise Cancelled(f"request {request.id!r} was cancelled")
            if not computed.done():
                raise DeadlineExceeded(too_late(request))
            outputs = computed.result()
        except BackPressureError:
            retry_after = max(1, math.ceil(self._seconds.get((name, version), 1.0)))
            raise Overloaded(f"model {name!r} has too many requests waiting", retry_after) from None
        except (ServingError, asyncio.CancelledError):
            raise
        except Exception as error:  # whatever Ray says of a replica that is gone
            raise ModelUnavailable(f"model {name!r} is away: {type(error).__name__}") from error
        finally:
            if not computed.done():
                response.cancel()
            computed.cancel()
            called_off.cancel()
            if request.id:
                self._board.over.remote(name, request.id)
        if isinstance(outputs, ServingError):
            raise outputs
        seconds = time.monotonic() - began
        lately = self._seconds.get((name, version), seconds)
        self._seconds[name, version] = lately + WEIGHT_OF_THE_LATEST * (seconds - lately)
        return outputs

    async def _called_off(self, name: str, request_id: str) -> None:
        """Returns when somebody calls the request off, and never if nobody can: it has no id, or the board is away."""
        try:
            if request_id and await self._board.follow.remote(name, request_id):
                return
        except Exception as error:
            logger.warning("requests cannot be called off: %s", type(error).__name__)
        await asyncio.Event().wait()

    def versions(self, name: str) -> list[ModelSpec]:
        models = self.models.versions(name)
        states = {(state.name, state.version): state.state for state in self.states()}
        usable = [model for model in models if states.get((name, model.spec.version)) in ("loading", "ready")]
        return [model.spec for model in usable or models]

    def states(self) -> list[ModelState]:
        import ray
        from ray import serve

        applications = serve.status().applications
        failures = ray.get(self._board.failures.remote(), timeout=ENDING_SECONDS)
        states = []
        for model in self.models:
            name, version = model.spec.name, model.spec.version
            application = applications.get(_application(name, version))
            status = "" if application is None else application.status.value
            match status:
                case "RUNNING":
                    states.append(ModelState(name, version, "ready"))
                case "DEPLOYING" | "NOT_STARTED":
                    states.append(ModelState(name, version, "loading"))
                case "DEPLOY_FAILED" | "UNHEALTHY":
                    reason = failures.get((name, version)) or "no replica of it stays alive"
                    states.append(ModelState(name, version, "failed", reason))
                case _:
                    states.append(ModelState(name, version, "unloaded", "it was unloaded"))
        self._states = (time.monotonic(), states)
        return states

    def load(self, name: str, version: str = "") -> list[Future[None]]:
        return [self._changes.submit(self._load, model) for model in self._meant(name, version)]

    def unload(self, name: str, version: str = "") -> list[Future[None]]:
        return [self._changes.submit(self._unload, model) for model in self._meant(name, version)]

    def progress(self, name: str, request_id: str) -> Progress | None:
        import ray

        self.models.versions(name)
        progress: Progress | None = ray.get(self._board.progress.remote(name, request_id), timeout=ENDING_SECONDS)
        return progress

    def cancel(self, name: str, request_id: str) -> bool:
        import ray

        self.models.versions(name)
        return bool(ray.get(self._board.cancel.remote(name, request_id), timeout=ENDING_SECONDS))

    def metrics(self) -> bytes:
        """Counts of the whole cluster; those that wait include those that are being computed."""
        import ray

        return bytes(ray.get(self._board.metrics.remote(self.states()), timeout=ENDING_SECONDS))

    # -- Applications ----------------------------------------------------------------------------------------

    async def _model(self, name: str, version: str) -> Model:
        """Of the version named, or of the last registered that has not failed or been unloaded."""
        candidates = [self.models.model(name, version)] if version else self.models.versions(name)[::-1]
        asked_at, states = self._states
        if time.monotonic() - asked_at > STATES_SECONDS:
            states = await asyncio.to_thread(self.states)
        by_version = {state.version: state for state in states if state.name == name}
        for model in candidates:
            if by_version[model.spec.version].state in ("loading", "ready"):
                return model
        raise ModelUnavailable(f"model {name!r}: {by_version[candidates[0].spec.version].reason}")

    def _handle(self, name: str, version: str) -> Any:
        from ray import serve

        if (name, version) not in self._handles:
            self._handles[name, version] = serve.get_deployment_handle(DEPLOYMENT, _application(name, version))
        return self._handles[name, version]

    def _meant(self, name: str, version: str) -> list[Model]:
        return [self.models.model(name, version)] if version else self.models.versions(name)

    def _load(self, model: Model) -> None:
        state = self._state(model)
        if state.state == "failed":
            self._unload(model)  # Serve would find nothing changed and leave it as it is
        if state.state in ("failed", "unloaded"):
            self._deploy([model])
        until = time.monotonic() + LOADING_SECONDS
        while (state := self._state(model)).state == "loading" and time.monotonic() < until:
            time.sleep(LOOKING_SECONDS)
        if state.state != "ready":
            raise ModelUnavailable(f"model {model.spec.name!r}: {state.reason or 'it is still loading'}")

    def _unload(self, model: Model) -> None:
        from ray import serve

        self._handles.pop((model.spec.name, model.spec.version), None)
        serve.delete(_application(model.spec.name, model.spec.version))
        self._states = (-math.inf, ())

    def _state(self, model: Model) -> ModelState:
        spec = model.spec
        return next(state for state in self.states() if (state.name, state.version) == (spec.name, spec.version))

    def _deploy(self, models: Iterable[Model]) -> None:
        from ray import serve

        targets = [_target(model, self._scale) for model in models]
        if targets:
            serve.run_many(targets, wait_for_ingress_deployment_creation=False, wait_for_applications_running=False)


def _application(name: str, version: str) -> str:
    return f"{name}:{version}"


def _target(model: Model, scale: Scale) -> Any:
    from ray import serve

    name, version, batching = model.spec.name, model.spec.version, model.batching
    ongoing = min(2 * batching.max_rows, 1 + batching.max_waiting)
    options: dict[str, Any] = {
        "name": DEPLOYMENT,
        "max_ongoing_requests": ongoing,
        "max_queued_requests": max(1, batching.max_waiting + 1 - ongoing),
        "ray_actor_options": {"num_cpus": scale.cpus, "num_gpus": scale.gpus.get(name, 0)},
        "max_constructor_retry_count": LOAD_ATTEMPTS,
        "graceful_shutdown_timeout_s": ENDING_SECONDS,
        "logging_config": _LOGGING,
    }
    if scale.max_replicas > 1:
        options["autoscaling_config"] = {
            "min_replicas": 1,
            "max_replicas": scale.max_replicas,
            "target_ongoing_requests": max(1, ongoing // 2),
        }
    deployment: Any = serve.deployment(Replica, **options)
    return serve.RunTarget(deployment.bind(name, version), name=_application(name, version), route_prefix=None)


async def _awaited(awaitable: Any) -> Any:
    return await awaitable


# -- The door, as a deployment -------------------------------------------------------------------------------


class Door:
    """The protocol's application in a process of the cluster; Serve's own HTTP proxies bring it the requests."""

    def __init__(self, names: Sequence[str], scale: Scale) -> None:
        _set_up()
        self._engine = RayEngine(_chosen(names), scale)

    def __serve_build_asgi_app__(self) -> Any:
        from curation.serving._server import Application

        return Application(self._engine)


def _chosen(names: Sequence[str]) -> Registry:
    """The models of these names, or all. Raises ModelNotFound."""
    registry = _registry.models()
    return Registry(model for name in names for model in registry.versions(name)) if names else registry


def _set_up() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "curation.settings")
    import django

    django.setup()


# -- The command ---------------------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    _set_up()
    from curation.serving._server import check_port

    try:
        models = _chosen(options.models)
        check_port(options.host, options.port)
    except (ServingError, ImproperlyConfigured) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    # All of this before Ray is imported, which reads it then. Its processes find the code as this one does.
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(Path.cwd()), os.environ.get("PYTHONPATH", "")]))
    quiet = dict(QUIET)
    if not options.address:
        # A secret of this one cluster's own: Ray would put one into the home folder.
        quiet.update(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=secrets.token_hex(32))
    for name, value in quiet.items():
        os.environ.setdefault(name, value)
    try:
        import ray
        from ray import serve
    except ImportError:
        sys.stderr.write(INSTALL + "\n")
        return 1
    logging.getLogger("ray.serve").setLevel(logging.WARNING)
    scale = Scale(options.max_replicas, options.cpus, dict(options.gpus))
    if options.address:
        ray.init(address=options.address, namespace=NAMESPACE, logging_level=logging.WARNING, log_to_driver=False)
    else:
        ray.init(
            namespace=NAMESPACE,
            include_dashboard=False,
            object_store_memory=OBJECT_STORE_BYTES,
            logging_level=logging.WARNING,
            log_to_driver=False,
        )
    ending = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: ending.set())  # only now: Ray has just put a handler of its own there
    try:
        serve.start(
            proxy_location="EveryNode",
            http_options={"host": options.host, "port": options.port},
            logging_config=_LOGGING,
        )
        engine = RayEngine(models, scale)
        engine.start()
        door: Any = serve.deployment(
            serve.ingress()(Door),
            name="door",
            max_ongoing_requests=10_000,  # they only wait; the models' own queues are bounded
            ray_actor_options={"num_cpus": 0},
            logging_config=_LOGGING,
        )
        serve.run(door.bind(tuple(options.models), scale), name=DOOR, route_prefix="/")
        logger.info("the models answer at http://%s:%d", options.host, options.port)
        _watch(engine, ending)
    finally:
        if options.address:
            for model in models:
                serve.delete(_application(model.spec.name, model.spec.version), _blocking=False)
            serve.delete(DOOR)
        else:
            serve.shutdown()
        ray.shutdown()
    return 0


def _watch(engine: RayEngine, ending: threading.Event) -> None:
    """Says what changes, until asked to end."""
    known: dict[tuple[str, str], ModelState] = {}
    while not ending.wait(1.0):
        for state in engine.states():
            if known.get((state.name, state.version)) != state:
                known[state.name, state.version] = state
                level = logging.ERROR if state.state == "failed" else logging.INFO
                logger.log(level, "%s, version %s: %s", state.name, state.version, state.reason or state.state)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m curation.serving.ray", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8001, help="port to listen on (default: %(default)s)")
    parser.add_argument("--address", default="", help="of a running Ray cluster; without, one starts on this machine")
    parser.add_argument("--models", nargs="*", default=[], metavar="NAME", help="only these; without, all")
    parser.add_argument("--max-replicas", type=int, default=1, help="of each model (default: %(default)s)")
    parser.add_argument("--cpus", type=float, default=0.1, help="that a replica reserves (default: %(default)s)")
    parser.add_argument(
        "--gpus", nargs="*", type=_share, default=[], metavar="NAME=NUMBER", help="that a model's replicas reserve"
    )
    return parser


def _share(text: str) -> tuple[str, float]:
    name, _, number = text.partition("=")
    return name, float(number)


if __name__ == "__main__":
    # The classes travel to other processes by name: as part of `__main__` they would not be found there.
    from curation.serving import ray as this

    sys.exit(this.main())
