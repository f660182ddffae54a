import random

import pytest

from app import edits
from app.canvas.arrange import arrange
from app.document import Document
from app.sizes import GAP, WIDTH
from engine.data.sources.csv import Csv
from engine.data.sources.image_folder import ImageFolder
from engine.graph import Graph, Port
from engine.layer import Layer
from engine.problems import Problem, Reread, UserError
from engine.project.encoding import project_bytes
from engine.project.project import Project

MAKE = Layer.registry


def chain_project():
    graph = Graph().add("in", MAKE["Input"](size=(4,))).add("a", MAKE["Dense"](), "in").add("b", MAKE["ReLU"](), "a")
    return Project(graph=graph, places={"in": (0.0, 0.0), "a": (256.0, 0.0), "b": (512.0, 0.0)})


@pytest.fixture
def document(qapp):
    return Document(chain_project())


def random_edit(document, rng):  # noqa: PLR0911
    """Make one random edit; return its text."""
    graph, pick = document.project.graph, rng.random()
    nodes = list(graph.nodes)
    if pick < 0.3 or len(nodes) < 3:
        kind = MAKE[rng.choice(["Dense", "ReLU", "Add", "Conv2D", "Output", "Input"])]
        return document.edit("Add", edits.add(kind(), (rng.randrange(2000), rng.randrange(900))))
    node = rng.choice(nodes)
    if pick < 0.6:
        ports = [Port(n, p) for n in nodes for p in graph.nodes[n].ports()]
        sources = [Port(n, p) for n in nodes for p in graph.nodes[n].outputs]
        return document.edit("Wire", edits.wire(rng.choice(sources), rng.choice(ports))) if ports and sources else None
    if pick < 0.7:
        return document.edit("Move", edits.move({node: (rng.randrange(2000), 8.0)}), merge=f"move {node}")
    if pick < 0.78:
        return document.edit("Delete", edits.delete([node], heal=rng.random() < 0.5))
    if pick < 0.84:
        return document.edit("Rename", edits.rename(node, graph.free_name(f"name {rng.randrange(50)}")))
    if pick < 0.9:
        layer = graph.nodes[node]
        return "inputs" in layer.params() and document.edit("Set", edits.set_param(node, "inputs", rng.randrange(2, 5)))
    if pick < 0.96 and document.analysis.problems:
        problem = rng.choice(document.analysis.problems)
        if problem.fixes:
            return document.edit("Mend", edits.apply_fix(problem, problem.fixes[0]))
    return document.edit("Arrange", arrange())


def test_undoing_all_gives_the_same_bytes_and_redoing_all_too(qapp):
    document, rng = Document(chain_project()), random.Random(3)
    start = project_bytes(document.project)
    for _ in range(500):
        random_edit(document, rng)
        if rng.random() < 0.2:
            document.undo()
        if rng.random() < 0.1:
            document.redo()
    while document.undo_stack.canRedo():
        document.redo()
    end = project_bytes(document.project)
    while document.undo_stack.canUndo():
        document.undo()
    assert project_bytes(document.project) == start
    assert not document.is_modified
    while document.undo_stack.canRedo():
        document.redo()
    assert project_bytes(document.project) == end


def test_edits_with_one_key_undo_as_one_until_the_merge_ends(document):
    for units in range(2, 20):
        document.edit("Set units", edits.set_param("a", "units", units), merge="a.units")
    document.end_merge()
    document.edit("Set units", edits.set_param("a", "units", 50), merge="a.units")
    assert document.undo_stack.count() == 2
    document.undo()
    assert document.project.graph.nodes["a"].units == 19
    document.undo()
    assert document.project == chain_project()


def test_a_merge_that_comes_back_to_where_it_began_is_no_step(document):
    document.edit("Set", edits.set_param("a", "units", 7), merge="a.units")
    document.edit("Set", edits.set_param("a", "units", 32), merge="a.units")
    assert document.undo_stack.count() == 0
    assert not document.is_modified


def test_an_edit_that_changes_nothing_is_no_step(document):
    assert not document.edit("Move", edits.move({"a": (256.0, 0.0)}))
    assert document.undo_stack.count() == 0


def test_changed_carries_before_and_after_and_the_analysis_is_ready(document):
    seen = []
    document.changed.connect(lambda before, after: seen.append((before, after, document.analysis.graph)))
    before = document.project
    document.edit("Set", edits.set_param("a", "units", 7))
    assert seen == [(before, document.project, document.project.graph)]
    assert document.analysis.shape(Port("b")) == (7,)


def test_moving_a_box_infers_nothing_anew(document):
    before = document.analysis
    document.edit("Move", edits.move({"a": (1.0, 2.0)}))
    assert document.analysis is before


def test_saved_and_modified_follow_undo(document, tmp_path):
    document.edit("Set", edits.set_param("a", "units", 7))
    assert document.is_modified
    document.mark_saved(tmp_path / "digits.netw")
    assert not document.is_modified
    assert document.title == "digits"
    document.undo()
    assert document.is_modified
    document.redo()
    assert not document.is_modified


def test_opening_forgets_history_selection_and_data_problems(document):
    document.edit("Set", edits.set_param("a", "units", 7))
    document.select({"a"})
    document.extra_problems = [Problem("There is no data.")]
    document.open(Project())
    assert not document.undo_stack.canUndo()
    assert not document.is_modified
    assert document.selection == frozenset()
    assert document.analysis.problems == ()


def test_what_was_just_opened_is_said_to_be_saved(document, tmp_path):
    seen = []
    document.edit("Set", edits.set_param("a", "units", 7))
    document.titled.connect(lambda: seen.append((document.title, document.is_modified)))
    document.open(Project(), tmp_path / "net.netw", runs=["a run"])
    assert seen[-1] == ("net", False)
    document.runs = (*document.runs, "another")
    assert seen[-1] == ("net", True)
    document.mark_saved(tmp_path / "other.netw")
    assert seen[-1] == ("other", False)


def test_data_problems_join_those_of_the_graph(document, qtbot):
    with qtbot.waitSignal(document.analysed):
        document.extra_problems = [Problem("Column age is not there.", node="in")]
    assert document.analysis.at["in"][0].what == "Column age is not there."
    document.edit("Set", edits.set_param("a", "units", 7))
    assert "in" in document.analysis.at


def test_the_selection_holds_only_boxes_that_are_there(document):
    document.select({"a", "nobody"})
    assert document.selection == {"a"}
    document.edit("Delete", edits.delete(["a"]))
    assert document.selection == frozenset()


def test_parameters_are_counted(document):
    assert document.analysis.parameters("a") == 4 * 32 + 32
    assert document.analysis.total == 160


def test_deleting_heals_the_wire(document):
    document.edit("Delete", edits.delete(["a"]))
    assert document.project.graph.wires == {Port("b", "x"): Port("in")}


def test_deleting_several_in_a_row_heals_over_all(document):
    document.edit("Add", edits.chain(edits.add(MAKE["ReLU"](), (0, 0), "c"), edits.wire(Port("b"), Port("c", "x"))))
    document.edit("Delete", edits.delete(["a", "b"]))
    assert document.project.graph.wires == {Port("c", "x"): Port("in")}


def test_deleting_without_healing_leaves_the_gap(document):
    document.edit("Delete", edits.delete(["a"], heal=False))
    assert document.project.graph.wires == {}


def test_inserting_makes_room(document):
    change = edits.chain(edits.add(MAKE["ReLU"](), (128.0, 0.0), "c"), edits.insert("c", Port("a", "x")))
    document.edit("Insert", change)
    graph, places = document.project.graph, document.project.places
    assert graph.wires[Port("a", "x")] == Port("c")
    assert graph.wires[Port("c", "x")] == Port("in")
    assert places["a"][0] >= places["c"][0] + 176
    assert places["b"][0] - places["a"][0] == 256


def test_a_box_behind_another_lies_on_none_that_is_in_the_way(document):
    for name, at in (("here", (768.0, 0.0)), ("there", (768.0, 70.0))):
        document.edit("Add", edits.add(MAKE["ReLU"](), at, name))
    document.edit("Add", edits.behind("b", MAKE["ReLU"](), "new"))
    project = document.project
    others = project.with_(graph=project.graph.remove(["new"]))
    assert edits.lies_free(others, MAKE["ReLU"](), project.places["new"], 24)
    assert project.graph.wires[Port("new", "x")] == Port("b")


def test_a_fix_places_its_box_between(qapp):
    graph = Graph().add("in", MAKE["Input"](size=(1, 8, 8))).add("a", MAKE["Dense"](), "in")
    document = Document(Project(graph=graph, places={"in": (0.0, 0.0), "a": (256.0, 0.0)}))
    problem = document.analysis.problems[0]
    document.edit("Mend", edits.apply_fix(problem, problem.fixes[0]))
    assert document.analysis.problems == ()
    assert 0 < document.project.places["flatten"][0] < document.project.places["a"][0]
    assert document.undo_stack.count() == 1


@pytest.mark.parametrize("name", ["", "b", "a/b", "a.b", "x" * 200, "new\nline"])
def test_a_name_that_does_not_fit_is_refused(document, name):
    with pytest.raises(UserError):
        document.edit("Rename", edits.rename("a", name))
    assert document.undo_stack.count() == 0


def test_fewer_inputs_let_go_of_their_wires(qapp):
    graph = Graph().add("in", MAKE["Input"]()).add("sum", MAKE["Add"](inputs=3), "in", "in", "in")
    document = Document(Project(graph=graph))
    document.edit("Set", edits.set_param("sum", "inputs", 2))
    assert set(document.project.graph.wires) == {Port("sum", "x1"), Port("sum", "x2")}
    document.undo()
    assert len(document.project.graph.wires) == 3


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        (Port("b"), Port("a", "x"), "circle"),
        (Port("a"), Port("a", "x"), "itself"),
        (Port("a"), Port("b", "z"), "no input z"),
        (Port("a", "z"), Port("b", "x"), "no output z"),
    ],
)
def test_wires_that_no_fix_could_mend_are_refused(document, source, target, words):
    assert words in edits.refusal(document.project.graph, source, target)
    assert edits.refusal(document.project.graph, Port("in"), Port("b", "x")) is None


def test_a_box_keeps_its_place_and_its_wires_under_another_name(document):
    assert not document.edit("Rename", edits.rename("a", " a "))
    document.edit("Rename", edits.rename("a", " wide "))
    graph, places = document.project.graph, document.project.places
    assert graph.wires == {Port("wide", "x"): Port("in"), Port("b", "x"): Port("wide")}
    assert places == {"in": (0.0, 0.0), "wide": (256.0, 0.0), "b": (512.0, 0.0)}


def test_only_boxes_that_lie_in_the_way_make_room(qapp):
    graph = chain_project().graph.add("c", MAKE["ReLU"](), "in").add("d", MAKE["ReLU"](), "b")
    places = {"in": (0.0, 0.0), "a": (256.0, 0.0), "b": (512.0, 0.0), "c": (256.0, 300.0), "d": (900.0, 300.0)}
    start = Project(graph=graph, places=places)
    found = edits.chain(edits.add(MAKE["ReLU"](), (320.0, 0.0), "e"), edits.insert("e", Port("a", "x")))(start).places
    push = found["a"][0] - 256.0
    assert push > 0
    assert found["a"][0] == 320.0 + WIDTH + GAP
    assert found == places | {"e": (320.0, 0.0)} | {n: (x + push, y) for n, (x, y) in places.items() if n in "abd"}
    below = edits.chain(edits.add(MAKE["ReLU"](), (128.0, 300.0), "e"), edits.insert("e", Port("a", "x")))(start).places
    assert below == places | {"e": (128.0, 300.0)}
    before = edits.chain(edits.add(MAKE["ReLU"](), (-400.0, 0.0), "e"), edits.insert("e", Port("a", "x")))(start).places
    assert before["e"] == (WIDTH + GAP, 0.0)  # right of the box that it follows


def test_only_a_free_box_with_both_ends_can_be_put_into_a_wire(document):
    free = edits.chain(*(edits.add(MAKE[kind](), (0, 0), kind) for kind in ("ReLU", "Input", "Output")))
    graph = free(document.project).graph
    assert {node for node in graph.nodes if edits.accepts(graph, node)} == {"ReLU"}


def test_what_is_not_there_cannot_be_wired(document):
    graph = document.project.graph
    assert edits.refusal(graph, Port("nobody"), Port("a", "x")) == "nobody has no output y."
    assert edits.refusal(graph, Port("a"), Port("nobody", "x")) == "nobody has no input x."


def test_a_source_is_read_in_another_way_where_it_can_be(document):
    problem, fix = Problem("Broken."), Reread("broken", "leave out", "Leave them out")
    for source, expected in (
        (None, None),
        (Csv(path="x"), Csv(path="x")),
        (ImageFolder(), ImageFolder(broken="leave out")),
    ):
        project = document.project.with_(data=document.project.data.with_(source=source))
        assert edits.apply_fix(problem, fix)(project).data.source == expected
