"""The training loop: a generator of events that prints nothing and owns no file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from time import perf_counter
from typing import Any

import numpy as np

from engine.arrays import Array, Arrays, Shape
from engine.data.batches import Batch, shuffled
from engine.data.prepare import Prepared
from engine.graph import Graph
from engine.plan.compile import compile
from engine.plan.plan import NotFinite, Plan
from engine.plan.predict import Predictor, batch_for
from engine.plan.team import TeamPlan
from engine.plan.team_predictor import TeamPredictor, worthwhile
from engine.problems import UserError
from engine.training.ahead import ahead
from engine.training.checkpoint import Checkpoint
from engine.training.events import Began, Diverged, Ended, EpochDone, Event, Steps
from engine.training.history import Epoch, Recorder
from engine.training.pace import Pace, Stopwatch
from engine.training.scores import Examined, Gathered, examine, scores
from engine.training.settings import TrainingSettings
from engine.training.workers import choose


def train(
    graph: Graph,
    settings: TrainingSettings,
    samples: Prepared,
    *,
    resume: Checkpoint | None = None,
    report_every: float = 0.05,
) -> Iterator[Event]:
    """Train a network and yield what happens; see `Training` for more control."""
    return Training(graph, settings, samples, resume=resume, report_every=report_every).events()


class Training:
    """One training, at rest between any two of its `events`.

    Then `checkpoint()` returns all that is needed to go on exactly, `parameters()` the weights that a run keeps. Whoever
    pauses just waits with the next event; whoever stops takes no more. `report_every` is the least number of seconds
    between two `Steps`. What is left to do follows from the settings, the number of steps done, and the history.

    Raises UserError where there is nothing to train on, or where `resume` is of another network or other data.
    """

    def __init__(
        self,
        graph: Graph,
        settings: TrainingSettings,
        samples: Prepared,
        *,
        resume: Checkpoint | None = None,
        report_every: float = 0.05,
    ) -> None:
        if not len(samples.train):
            raise UserError("Training needs at least one sample, but there is none. Look at the data and its division.")
        self.graph, self.settings, self.samples, self.report_every = graph, settings, samples, report_every
        workers = settings.workers or (resume.workers if resume else 0)
        self.plan = _plan(graph, settings, len(samples.train), workers) if workers else choose(graph, settings, samples)
        rest = len(samples.train) % self.plan.batch
        self.last_plan = compile(graph, rest, share=self.plan) if rest else self.plan
        self.state = self.plan.state
        self.predictor = _predictor(graph, self.plan, len(samples.validation))
        self.recorder, self.best = Recorder(), dict[str, Array]()
        self.gathered = Gathered(graph, len(samples.train))
        self._outputs = {plan: plan.outputs() for plan in (self.plan, self.last_plan)}  # views of what each step leaves
        self._watch, self._reported, self._order = Stopwatch(), 0, (-1, samples.train)
        self._results_factor = -1, 1.0  # the epochs that it follows from, and the factor
        if resume:
            self._resume(resume)
        self._pace = Pace(self._watch.total)

    @property
    def steps_per_epoch(self) -> int:
        """How many batches the training samples make; the last may be smaller."""
        return -(-len(self.samples.train) // self.plan.batch)

    @property
    def epoch(self) -> int:
        """How many epochs are complete."""
        return len(self.recorder.epochs)

    def checkpoint(self, about: Mapping[str, Any] | None = None) -> Checkpoint:
        """Return everything that is needed to continue exactly; `about` is kept with it."""
        return Checkpoint(
            step=self.state.step,
            epoch=self.epoch,
            random=dict(self.state.rng.bit_generator.state),
            arrays=self.state.arrays(),
            best=dict(self.best),
            answering=_copies(self.state.answering.parameters) if self.settings.stepping.answers else {},
            gathered={node: array.copy() for node, array in self.gathered.arrays.items()},
            history=self.recorder.snapshot(),
            seconds=self._watch.seconds,
            samples=len(self.samples.train),
            workers=self.plan.workers,
            about=about or {},
        )

    def close(self) -> None:
        """End the processes that share the work, where there are any; then no more steps can be done."""
        self.plan.close()

    def parameters(self) -> Arrays:
        """Return copies of the weights that a run keeps: of its best epoch where the settings say so, else the latest."""
        return _copies(self.best or self.state.answering.parameters)

    def events(self) -> Iterator[Event]:
        """Train, from where it is to its end."""
        self._watch.go_on()
        for event in self._events():
            self._watch.rest()
            yield event
            self._watch.go_on()

    def _events(self) -> Iterator[Event]:
        yield self._began()
        try:
            while self.epoch < self.settings.epochs and not self._out_of_patience():
                yield from self._steps()
                yield from self._close_epoch()
        except NotFinite as error:
            yield from self._report()
            yield self._diverged(error)
            return
        best = self.recorder.best
        yield Ended(self.epoch < self.settings.epochs, best.number if best else None)

    def _began(self) -> Began:
        return Began(
            epochs=self.settings.epochs,
            steps_per_epoch=self.steps_per_epoch,
            samples=len(self.samples.train),
            validation_samples=len(self.samples.validation),
            parameters=self.state.vector.size,
            step=self.state.step,
            epoch=self.epoch,
        )

    def _steps(self) -> Iterator[Event]:
        """Do the steps that this epoch still lacks."""
        rows, size, told = self._rows(), self.plan.batch, perf_counter()
        first = (self.state.step - self.epoch * self.steps_per_epoch) * size
        starts = range(first, len(rows), size)
        with closing(ahead(self.samples, (rows[start : start + size] for start in starts))) as batches:
            for start, batch in zip(starts, batches, strict=True):
                self._step(batch, start)
                if perf_counter() - told >= self.report_every:
                    yield from self._report()
                    told = perf_counter()
        yield from self._report()

    def _step(self, batch: Batch, start: int) -> None:
        plan = self.plan if len(batch.samples) == self.plan.batch else self.last_plan
        rate = self._rate()
        plan.load(batch.inputs, batch.targets)
        loss = plan.step(rate)
        self.recorder.step(loss, rate, plan.gradient_norm)
        self.gathered.add(start, self._outputs[plan])

    def _rate(self) -> float:
        """Return the learning rate of the step that comes next."""
        done = self.state.step / self.steps_per_epoch
        return self.settings.rate * self.settings.schedule.factor(done, self.settings.epochs) * self._told()

    def _told(self) -> float:
        """Return the factor that the results so far call for; they are in the history, so nothing else need be kept."""
        if self._results_factor[0] != self.epoch:
            epochs = self.recorder.epochs
            results = [e.loss if e.validation_loss is None else e.validation_loss for e in epochs]
            self._results_factor = self.epoch, self.settings.schedule.told(results)
        return self._results_factor[1]

    def _rows(self) -> Array:
        """Return the training samples in the order of this epoch, which depends on nothing but seed and epoch."""
        if not self.settings.shuffle:
            return self.samples.train
        if self._order[0] != self.epoch:
            rng = np.random.default_rng([self.settings.seed, self.epoch])
            self._order = self.epoch, shuffled(self.samples.train, rng)
        return self._order[1]

    def _report(self) -> Iterator[Steps]:
        """Yield the steps that nobody has been told of."""
        first, recorder = self._reported, self.recorder
        self._reported = len(recorder)
        if first < self._reported:
            samples = (self._reported - first) * len(self.samples.train) / self.steps_per_epoch
            yield Steps(
                first,
                self.epoch,
                tuple(recorder.losses[first:]),
                tuple(recorder.rates[first:]),
                tuple(recorder.gradient_norms[first:]),
                self._pace.tell(samples, self._watch.total),
            )

    def _close_epoch(self) -> Iterator[Event]:
        """Look at the validation samples, record the epoch, keep the weights where they are the best so far."""
        speed = len(self.samples.train) / max(self._watch.lap, 1e-9)
        seen = (yield from examine(self.predictor, self.samples, self.samples.validation)) if self.predictor else None
        epoch = self._epoch(seen, speed)
        best = self.recorder.close(epoch)
        if best and self.settings.keep_best:
            self.best = _copies(self.state.answering.parameters)
        self._watch.start_lap()
        yield EpochDone(epoch, best)

    def _epoch(self, seen: Examined | None, speed: float) -> Epoch:
        return Epoch(
            number=self.epoch + 1,
            step=self.state.step,
            rate=self.recorder.rates[-1],
            loss=self._loss(),
            metrics=self.gathered.scores(self.samples, self._rows()),
            validation_loss=seen.loss if seen else None,
            validation_metrics=scores(self.graph, seen.outputs, seen.targets, self.samples.fitted) if seen else {},
            seconds=self._watch.lap,
            samples_per_second=speed,
        )

    def _loss(self) -> float:
        """Return the mean loss of this epoch's samples."""
        count, size = len(self.samples.train), self.plan.batch
        sizes = [min(size, count - start) for start in range(0, count, size)]
        return float(np.dot(self.recorder.losses[-len(sizes) :], sizes) / count)

    def _out_of_patience(self) -> bool:
        best, patience = self.recorder.best, self.settings.patience
        return bool(patience and best and self.epoch - best.number >= patience)

    def _diverged(self, error: NotFinite) -> Diverged:
        advice = (
            f"Look at the columns of {error.node} for missing or extreme values."
            if error.tensor == "data"
            else f"Try a smaller learning rate than {self._rate():g}, and look at the data for extreme values."
        )
        where = f"In step {error.step} (epoch {self.epoch + 1}) the {error.tensor} of {error.node}"
        return Diverged(error.node, error.tensor, error.step, f"{where} became infinite or not a number. {advice}")

    def _resume(self, checkpoint: Checkpoint) -> None:
        if _shapes(checkpoint.arrays) != _shapes(self.state.arrays()):
            raise UserError("The checkpoint is of another network than this one. Undo the changes, or train anew.")
        if checkpoint.samples != len(self.samples.train):
            raise UserError(
                f"The checkpoint was made with {checkpoint.samples} training samples, but now there are "
                f"{len(self.samples.train)}. Bring the data back, or train anew."
            )
        self.state.restore(checkpoint.arrays)
        self.state.step = checkpoint.step
        self.state.rng.bit_generator.state = checkpoint.random
        self.best = dict(checkpoint.best)
        self.recorder, self._reported = Recorder(checkpoint.history), checkpoint.step
        self.gathered.arrays = {node: array.copy() for node, array in checkpoint.gathered.items()}
        self._watch.seconds = checkpoint.seconds


def _plan(graph: Graph, settings: TrainingSettings, samples: int, workers: int) -> Plan:
    """Return the plan of a whole batch."""
    batch = min(settings.batch, samples)
    return compile(graph, batch, optimizer=settings.stepping, seed=settings.seed, workers=workers)


def _predictor(graph: Graph, plan: Plan, samples: int) -> Predictor | None:
    """Return what answers the validation samples: all who train, where there is enough for each; None without samples."""
    size = batch_for(graph)
    if isinstance(plan, TeamPlan) and samples > size and worthwhile(graph, size):
        return TeamPredictor(plan.team, size)
    return Predictor(graph, plan.state.answering, batch=size) if samples else None


def _copies(arrays: Arrays) -> Arrays:
    return {name: np.array(array, order="C") for name, array in arrays.items()}


def _shapes(arrays: Arrays) -> dict[str, Shape]:
    return {name: array.shape for name, array in arrays.items()}
