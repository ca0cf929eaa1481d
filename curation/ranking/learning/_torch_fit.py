"""Moves the ranker away from the floor as far as what was opened says, and no further."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from torch import Tensor

from curation.ranking.learning._torch_network import Lists, Network, threads
from curation.ranking.learning.examples import PLACES, Examples
from curation.ranking.learning.weights import KNOTS, NEUTRAL, Weights
from curation.ranking.types import Mask

EPOCHS, STEPS = 80, 5_000  # at most: a small log takes many short epochs, a large one few
PATIENCE, PATIENT_STEPS = 3, 60  # epochs without a better one, and steps, after which the best is taken
HELD_BACK = 0.15  # of the lists, the latest, on which it is told which epoch is the best
LEAST_BETTER = 1e-4  # of the loss; less is luck
SURE = 1.0  # standard errors that the loss of the lists held back has to fall by, or it stays the floor
BATCH_LISTS = 64
SCALED_LISTS = 256
LEAST_SCALE = -1.5  # a logarithm: where the floor is no guide, its curves still have to be felt to be moved
THREADS = 1  # pages and drawing need the other cores
RATE, ATTENTION_RATE = 0.02, 0.001
SETTLING_STEPS = 300  # after which the rates are half of what they were, then a third, and so on
STATED_SHARE = 0.5  # of the floor's voice, that what a reader states keeps at least
# Precisions of a normal prior around the floor: with few lists the ranker stays near it, with many they decide.
NEAR_FLOOR = {"shapes": 4.0, "gates": 10.0, "query": 200.0, "key": 200.0, "attention": 4.0}
SMOOTH = 20.0  # the same of how far a curve's slope changes from one knot to the next
SMOOTH_PLACES = 5.0  # of the step from one place to the next

State = dict[str, Tensor]


@dataclass
class Keeper:
    """Where a training keeps how far it is. `state` is what an earlier run kept last, b"" where there is none."""

    state: bytes = b""
    keep: Callable[[bytes], object] = lambda state: None


def fit(
    examples: Examples, start: Weights, *, history: int, stated: Mask, seed: int, say: Callable[[str], None],
    keeper: Keeper,
) -> tuple[Weights, dict[str, Any]]:  # fmt: skip
    """The weights of the best epoch, and how it went. The same examples and seed give the same weights, also where the
    way there was broken off and gone on with. Raises FloatingPointError where the loss is no number.
    """
    with threads(THREADS):
        training = _Training(examples, start, history=history, stated=stated, seed=seed)
        if keeper.state and training.load(keeper.state):
            say(f"goes on after epoch {training.epoch}")
        while not training.is_over:
            training.run_epoch()
            keeper.keep(training.dump())
            say(f"epoch {training.epoch}: loss {training.loss:.4f}, the best {training.best_loss:.4f}")
        return training.result()


class _Training:
    def __init__(self, examples: Examples, start: Weights, *, history: int, stated: Mask, seed: int) -> None:
        self._examples, self._seed = examples, seed
        held_back = max(1, round(HELD_BACK * len(examples)))
        self._train = range(len(examples) - held_back)
        self._held_back = range(len(examples) - held_back, len(examples))
        self._network = Network(start, history, torch.float32)
        self._floor = {name: value.detach().clone() for name, value in self._network.named_parameters()}
        self._stated = torch.from_numpy(stated)
        self._weight = examples.weight
        # What belongs to the log and not to the ranking: how sure the readers were, and what a place was worth.
        self._scale = torch.nn.Parameter(self._first_scale())
        self._places = torch.nn.Parameter(torch.zeros(PLACES))
        self._moved = {**dict(self._network.named_parameters()), "scale": self._scale, "places": self._places}
        attention = [self._moved.pop(name) for name in ("query", "key")]
        self._optimiser = torch.optim.Adam(
            [{"params": list(self._moved.values()), "lr": RATE}, {"params": attention, "lr": ATTENTION_RATE}]
        )
        self._moved |= {"query": attention[0], "key": attention[1]}
        self.epoch, self.worse = 0, 0
        self._first_losses = self._best_losses = self._losses_held_back()
        self.loss = self.best_loss
        self._best = self._copy()
        with torch.no_grad():
            self._scale.clamp_(min=LEAST_SCALE)

    @property
    def best_loss(self) -> float:
        return float(self._best_losses.mean())

    @property
    def is_over(self) -> bool:
        steps = -(-len(self._train) // BATCH_LISTS)
        is_enough = self.worse >= PATIENCE and self.worse * steps >= PATIENT_STEPS
        return is_enough or self.epoch >= EPOCHS or self.epoch * steps >= STEPS

    def run_epoch(self) -> None:
        random = np.random.default_rng([self._seed, self.epoch])
        batches = _batches(self._examples, self._train, random)
        for number, numbers in enumerate(batches, start=self.epoch * len(batches)):
            for group, rate in zip(self._optimiser.param_groups, (RATE, ATTENTION_RATE), strict=True):
                group["lr"] = rate / (1 + number / SETTLING_STEPS)
            lists, wanted, places = self._batch(numbers)
            loss = self._losses(lists, wanted, places).mean() + self._distance() / max(len(self._train), 1)
            if not torch.isfinite(loss):
                raise FloatingPointError(f"the loss is no number in epoch {self.epoch + 1}")
            self._optimiser.zero_grad()
            loss.backward()
            self._optimiser.step()
            self._keep_stated()
        self.epoch += 1
        losses = self._losses_held_back()
        self.loss = float(losses.mean())
        # The first is the best so far, whatever the floor is: on the way from it things may get worse for a while.
        if self.epoch == 1 or self.loss < self.best_loss - LEAST_BETTER:
            self._best_losses, self._best, self.worse = losses, self._copy(), 0
        else:
            self.worse += 1

    def result(self) -> tuple[Weights, dict[str, Any]]:
        gained = self._first_losses - self._best_losses
        is_sure = bool(gained.mean() > SURE * gained.std() / len(gained) ** 0.5)
        best = self._best if is_sure else self._best | self._floor
        best["shapes"] = best["shapes"] - best["shapes"][:, NEUTRAL, None]
        weights = Weights(**{each.name: best[each.name].numpy().astype(np.float64) for each in fields(Weights)})
        places = best["places"]
        return weights, {
            "lists": len(self._examples),
            "epochs": self.epoch,
            "is_floor": not is_sure,
            "loss_at_floor": round(float(self._first_losses.mean()), 6),
            "loss": round(self.best_loss, 6),
            # How often a place is looked at, the first being 1: e to the power of the log odds that it is worth.
            "places": [round(float(value), 4) for value in torch.exp(places - places[0])[:20]],
        }

    # -- What is minimised -----------------------------------------------------------------------------------

    def _batch(self, numbers: Sequence[int]) -> tuple[Lists, Tensor, Tensor]:
        told = {name: torch.from_numpy(value) for name, value in self._examples.batch(numbers).items()}
        wanted, places = told.pop("wanted"), told.pop("places")
        return Lists(**told), wanted, places

    def _losses(self, lists: Lists, wanted: Tensor, places: Tensor) -> Tensor:
        """(b,) cross-entropies of which of a list's articles was opened (Cao et al., ListNet, 2007).

        The log odds of a card are its score and what its place is worth: an additive term, so that clicks owed to the
        place are not laid at the article's door (Guo et al., "PAL", 2019). `wanted` holds weights.
        """
        worth = torch.cat([self._places, torch.zeros(1)])[places]
        odds = self._network(lists).sum(dim=1) * self._scale.exp() + worth
        return self._entropies(odds, lists, wanted)

    def _entropies(self, odds: Tensor, lists: Lists, wanted: Tensor) -> Tensor:
        odds = torch.log_softmax(odds.masked_fill(~lists.is_there, -1e9), dim=1)
        return -(wanted * odds).sum(dim=1) / self._weight

    def _distance(self) -> Tensor:
        """From the floor, as the prior's log density has it, with its sign turned."""
        far = torch.stack(
            [
                precision * (self._moved[name] - self._floor[name]).square().sum()
                for name, precision in NEAR_FLOOR.items()
            ]
        )
        slopes = (self._network.shapes - self._floor["shapes"]).diff(dim=1) / torch.tensor(KNOTS).diff()
        bends = SMOOTH * slopes.diff(dim=1).square().sum()
        places = SMOOTH_PLACES * self._places.diff().square().sum() + self._places.square().sum()
        return (far.sum() + bends + places) / 2

    def _keep_stated(self) -> None:
        """What readers state keeps its gate, and of the floor's slope a share everywhere: it cannot be unlearned."""
        gates, shapes = self._network.gates, self._network.shapes
        with torch.no_grad():
            gates[self._stated] = 0.0
            steps = shapes.diff(dim=1)[self._stated]
            least = STATED_SHARE * self._floor["shapes"].diff(dim=1)[self._stated]
            heights = torch.nn.functional.pad(torch.maximum(steps, least).cumsum(dim=1), (1, 0))
            shapes[self._stated] = heights - heights[:, NEUTRAL, None]

    def _first_scale(self) -> Tensor:
        """The logarithm of the factor that turns the floor's scores into log odds, as well as one factor can."""
        lists, wanted, _ = self._batch(self._train[-SCALED_LISTS:])
        factors = torch.linspace(-4.0, 1.5, 56)
        with torch.no_grad():
            scores = self._network(lists).sum(dim=1)
            losses = [self._entropies(scores * factor.exp(), lists, wanted).mean() for factor in factors]
        return factors[int(torch.stack(losses).argmin())]

    def _losses_held_back(self) -> Tensor:
        with torch.no_grad():
            batches = _batches(self._examples, self._held_back, None)
            return torch.cat([self._losses(*self._batch(numbers)) for numbers in batches])

    # -- What is kept between two runs -----------------------------------------------------------------------

    def _copy(self) -> State:
        return {name: value.detach().clone() for name, value in self._moved.items()}

    @property
    def _identity(self) -> str:
        shapes = {name: list(value.shape) for name, value in self._moved.items()}
        return json.dumps([self._seed, KNOTS, shapes], sort_keys=True)

    def dump(self) -> bytes:
        """As a safetensors file."""
        from safetensors.torch import save

        tensors = {f"now.{name}": value for name, value in self._copy().items()}
        tensors |= {f"best.{name}": value for name, value in self._best.items()}
        for name, value in self._moved.items():
            for moment, told in self._optimiser.state[value].items():
                tensors[f"adam.{moment}.{name}"] = told
        tensors["progress"] = torch.tensor([self.epoch, self.worse, self.loss], dtype=torch.float64)
        tensors["identity"] = torch.frombuffer(bytearray(self._identity.encode()), dtype=torch.uint8)
        return bytes(save({name: value.contiguous().clone() for name, value in tensors.items()}))

    def load(self, state: bytes) -> bool:
        """Whether it could be gone on with: what another training kept, or what is damaged, is not."""
        from safetensors import SafetensorError
        from safetensors.torch import load

        try:
            tensors = load(state)
            if bytes(tensors["identity"].numpy()).decode() != self._identity:
                return False
            self._take(tensors)
        except (SafetensorError, KeyError, UnicodeDecodeError):
            return False
        return True

    def _take(self, tensors: Mapping[str, Tensor]) -> None:
        parameters = self._moved
        moments = {
            name: {moment: tensors[f"adam.{moment}.{name}"].clone() for moment in ("step", "exp_avg", "exp_avg_sq")}
            for name in parameters
        }
        best = {name: tensors[f"best.{name}"].clone() for name in parameters}
        now = {name: tensors[f"now.{name}"] for name in parameters}
        epoch, worse, loss = tensors["progress"].tolist()
        with torch.no_grad():
            for name, value in parameters.items():
                value.copy_(best[name])
            # Measured anew: since then the log may know more of the same lists.
            self._best_losses = self._losses_held_back()
            for name, value in parameters.items():
                value.copy_(now[name])
                self._optimiser.state[value] = moments[name]
        self._best = best
        self.epoch, self.worse, self.loss = int(epoch), int(worse), loss


def _batches(examples: Examples, numbers: range, random: np.random.Generator | None) -> list[list[int]]:
    """Every list once, those of like length together: little is computed for what is only filled up."""
    order = np.array(numbers) if random is None else random.permutation(numbers)
    stretches = np.array_split(order, max(1, len(order) // (BATCH_LISTS * 32)))
    batches = []
    for stretch in stretches:
        lengths = [len(examples.lists[number].past) * 1000 + len(examples.lists[number].rows) for number in stretch]
        alike = stretch[np.argsort(lengths, kind="stable")]
        batches += [alike[first : first + BATCH_LISTS].tolist() for first in range(0, len(alike), BATCH_LISTS)]
    if random is not None:
        random.shuffle(batches)
    return batches
