"""A process that helps to train: it does what the leader asks for, and ends with it."""

from __future__ import annotations

import json
import os
import signal
import sys
from queue import SimpleQueue
from threading import Thread
from typing import Any

import engine.catalog  # noqa: F401  (declares all layers)
from engine.graph import Graph, Port
from engine.layer import Layer
from engine.plan.answer_part import AnswerPart
from engine.plan.member import COMMAND, PLAN, REQUEST, Member, Part
from engine.plan.shared import SharedMemory
from engine.plan.stepping import Stepping
from engine.plan.sync import watch

READY = b"ready\n"


def describe(graph: Graph, stepping: Stepping, dtype: str) -> dict[str, Any]:
    """Return as plain JSON values what a helper must know."""
    return {
        "boxes": [[name, layer.to_dict()] for name, layer in graph.nodes.items()],
        "wires": [[*end, *start] for end, start in graph.wires.items()],
        "stepping": stepping.to_dict(),
        "dtype": dtype,
    }


def _member(told: dict[str, Any]) -> Member:
    nodes = {name: Layer.from_dict(raw) for name, raw in told["boxes"]}
    wires = {Port(end, port): Port(start, name) for end, port, start, name in told["wires"]}
    stepping = Stepping.from_dict(told["stepping"])
    memory = SharedMemory(told["handle"])
    graph = Graph(nodes, wires)
    return Member(told["rank"], told["count"], graph, stepping, told["dtype"], memory, start=told["start"])


class Helper:
    """Obeys the leader: rare orders come as lines of JSON, requests for steps through the shared counters."""

    def __init__(self, orders: SimpleQueue[dict[str, Any]], member: Member) -> None:
        self.orders, self.member = orders, member
        self.parts: list[Part] = []
        self.answers: list[AnswerPart] = []
        self.commands = (self._order, self._step, self._run, self._replay, self._answer)

    def serve(self) -> None:
        """Do what is asked for, for ever."""
        seen, control = 0, self.member.control
        self._say_ready()
        while True:
            watch(control, REQUEST, seen + 1, lambda: None)
            seen += 1
            self.commands[control[COMMAND]]()

    def _order(self) -> None:
        told = self.orders.get()
        if told["answers"]:
            self.answers.append(AnswerPart(self.member, told["batch"], told["start"]))
        else:
            self.parts.append(Part(self.member, told["batch"], told["start"]))
        self._say_ready()

    def _say_ready(self) -> None:
        sys.stdout.buffer.write(READY)
        sys.stdout.buffer.flush()

    def _part(self) -> Part:
        return self.parts[self.member.control[PLAN]]

    def _step(self) -> None:
        self._part().step()

    def _run(self) -> None:
        self._part().run()

    def _replay(self) -> None:
        self._part().replay()

    def _answer(self) -> None:
        self.answers[self.member.control[PLAN]].run()


ORDER, STEP, RUN, REPLAY, ANSWER = range(5)  # places in `Helper.commands`


def main() -> None:
    """Be a helper until the leader is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the leader
    orders: SimpleQueue[dict[str, Any]] = SimpleQueue()
    Thread(target=_listen, args=(orders,), daemon=True).start()
    Helper(orders, _member(orders.get())).serve()


def _listen(orders: SimpleQueue[dict[str, Any]]) -> None:
    for line in sys.stdin.buffer:
        orders.put(json.loads(line))
    os._exit(0)  # the leader is gone, or wants us to go
