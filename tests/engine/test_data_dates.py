"""Dates: told from texts, kept as dates, prepared for a network, exported, and answered for like those of the training."""

import json

import numpy as np
import onnxruntime
import pytest

from engine import api
from engine.columns import Column, date_text
from engine.data.dataset import Dataset
from engine.data.kinds import as_kind
from engine.data.prepare import prepare
from engine.data.settings import DataSettings
from engine.data.sources.csv import Csv
from engine.data.split import advice
from engine.data.summary import preview, summarise
from engine.data.wiring import wire_data
from engine.export.write import export
from engine.graph import Graph
from engine.layers.dense import Dense
from engine.layers.input import Input
from engine.layers.output import Output
from engine.losses.mean_squared_error import MeanSquaredError
from engine.plan.state import draw_parameters
from engine.preprocessing.dates import CHOICES
from engine.preprocessing.scale import Scale
from engine.preprocessing.standardise import Standardise
from engine.project.project import Project
from engine.project.run import Run

DAY = 86_400


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("NETWRIGHT_STATE", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read(folder, cells, **settings):
    path = folder / "dates.csv"
    path.write_text("\n".join(["when;x", *(f"{cell};{number}" for number, cell in enumerate(cells))]), "utf-8")
    return Csv(path=str(path), **settings).read()


def dates(folder, cells, **settings):
    column = read(folder, cells, **settings)["when"]
    return column.texts().tolist() if column.kind == "date" else column.kind


@pytest.mark.parametrize(
    ("cells", "texts"),
    [
        (["2024-01-31", "2024-02-29", ""], ["2024-01-31", "2024-02-29", ""]),
        (["2024-01-31 08:30", "NA", "2024-02-29T17:05:09"], ["2024-01-31 08:30:00", "", "2024-02-29 17:05:09"]),
        (
            ["2024-01-31T08:30:00.250Z", "2024-01-31 08:30:00.123456789"],
            ["2024-01-31 08:30:00.250", "2024-01-31 08:30:00.123"],
        ),
        (["2024-01-31T08:30:00.250Z", "2024-01-31 08:30:00+02:00"], ["2024-01-31 08:30:00.250", "2024-01-31 08:30:00"]),
        (["2024/1/5", "2024/12/31"], ["2024-01-05", "2024-12-31"]),
        (["1.2.2024", "31.12.2024 23:59"], ["2024-02-01", "2024-12-31 23:59:00"]),
        (["01.02.24", "31.12.69"], ["2024-02-01", "1969-12-31"]),
        (["1/2/2024", "31/12/2024"], ["2024-02-01", "2024-12-31"]),
        (["1/2/2024", "12/31/2024 5:07 PM"], ["2024-01-02", "2024-12-31 17:07:00"]),
        (["1/2/2024, 5:07:09 a.m.", "12/31/2024, 12:00:00 p.m."], ["2024-01-02 05:07:09", "2024-12-31 12:00:00"]),
        (["01-Jan-2024", "31-Dec-2024"], ["2024-01-01", "2024-12-31"]),
        (["1 March 2024", "3 Mar 2024"], ["2024-03-01", "2024-03-03"]),
        (["March 1, 2024", "Dec 31, 2024"], ["2024-03-01", "2024-12-31"]),
        (["1/1/2024", "2/2/2024"], ["2024-01-01", "2024-02-02"]),
        (["1066-10-14", "2300-01-01"], ["1066-10-14", "2300-01-01"]),
    ],
)
def test_dates_as_people_write_them(tmp_path, cells, texts):
    assert dates(tmp_path, cells) == texts


@pytest.mark.parametrize(
    "cells", [["2024-02-30", "2024-02-01"], ["1.2.3", "1.2.10"], ["2024-13-01"], ["24:00:00"], ["soon", "2024-01-01"]]
)
def test_what_is_no_date_stays_text(tmp_path, cells):
    assert dates(tmp_path, cells) in ("text", "category")


def test_day_and_month_are_never_guessed(tmp_path):
    cells = ["1/2/2024", "3/4/2024", "5/5/2024"]
    assert dates(tmp_path, cells) == "text"
    assert "1/2/2024 may begin with the day or with the month" in read(tmp_path, cells).notes[0]
    assert dates(tmp_path, cells, dates="day first") == ["2024-02-01", "2024-04-03", "2024-05-05"]
    assert dates(tmp_path, cells, dates="month first") == ["2024-01-02", "2024-03-04", "2024-05-05"]
    assert dates(tmp_path, ["31/12/2024"], dates="month first") == "text"
    assert dates(tmp_path, ["2024-12-31"], dates="never") == "text"
    assert dates(tmp_path, ["2024-12-31"], texts=("when",)) == "text"


def test_cells_that_keep_a_column_from_being_dates_are_named(tmp_path):
    cells = [f"2024-01-{day:02}" for day in range(1, 31)]
    cells[3] = "2024-02-30"
    assert "1 of 30 cells is no date (2024-02-30; the first in row 4)" in read(tmp_path, cells).notes[0]


def test_dates_are_shown_as_dates(tmp_path):
    data = read(tmp_path, ["2024-03-01 12:00", "", "2024-01-01"])
    assert preview(data) == [["2024-03-01 12:00:00", "0"], ["", "1"], ["2024-01-01", "2"]]
    column = summarise(data).columns[0]
    assert (column.kind, column.missing, column.distinct) == ("date", 1, 2)
    assert (date_text(column.smallest), date_text(column.largest)) == ("2024-01-01", "2024-03-01 12:00:00")


def test_rows_are_sorted_by_their_dates_where_a_person_says_so(tmp_path):
    cells = ["2024-03-01", "2024-01-01", "", "2024-02-01"]
    data = read(tmp_path, cells)
    for settings in (DataSettings(split="last"), DataSettings(window=2, split="last")):
        assert "not in the order of when" in advice(settings, data)[0]
        assert not advice(settings, read(tmp_path, cells, order="when"))
    assert not advice(DataSettings(), data)
    assert read(tmp_path, cells, order="when")["x"].values.tolist() == [1, 3, 0, 2]
    with pytest.raises(api.UserError, match="no column time to sort by"):
        read(tmp_path, cells, order="time")


@pytest.mark.parametrize("kind", [Standardise, Scale])
def test_a_date_becomes_its_place_in_time_in_the_year_the_week_and_the_day(kind):
    values = np.array([0, 365.2425 * DAY * 10, np.nan, 1.5 * DAY])
    column, more = Column("when", "date", values), Column("x", "number", np.arange(4.0))
    size = kind().shape([column, more])
    assert size == (8,)
    fitted = json.loads(json.dumps(kind().fit([column, more], size), allow_nan=False))
    found = kind().apply([column, more], fitted)
    trend, year, week, day = found[:, 1], found[:, 2:4], found[:, 4:6], found[:, 6:8]
    assert (found[2, 1:] == 0).all()
    np.testing.assert_allclose(year[1], [0, 1], atol=1e-6)  # ten years later it is the same time of the year
    np.testing.assert_allclose(day[3], [0, -1], atol=1e-6)  # noon
    np.testing.assert_allclose(np.hypot(*week.T)[[0, 1, 3]], 1, rtol=1e-6)
    known = trend[[0, 1, 3]]
    if kind is Scale:
        np.testing.assert_allclose([known.min(), known.max()], [0, 1], atol=1e-6)
    else:
        np.testing.assert_allclose([known.mean(), known.std()], [0, 1], atol=1e-6)
    assert kind(dates="trend").shape([column, more]) == (2,)


@pytest.mark.parametrize("parts", CHOICES)
@pytest.mark.parametrize("kind", [Standardise, Scale])
def test_an_exported_model_sees_the_same_of_a_date(tmp_path, kind, parts):
    rng = np.random.default_rng(0)
    when = np.floor(rng.normal(1.7e9, 3e7, 30))
    when[[3, 29]] = np.nan
    dataset = Dataset((Column("when", "date", when), Column("x", "number", rng.normal(size=30))))
    graph = Graph().add("in", Input()).add("head", Dense(units=1), "in")
    graph = graph.add("out", Output(loss=MeanSquaredError()), "head")
    graph = wire_data(graph, dataset, target="x", columns=("when",), preprocessing=kind(dates=parts))
    fitted = prepare(graph, dataset, DataSettings()).fitted
    run = Run("run-1", Project(graph=graph), parameters=draw_parameters(graph, 0), fitted=fitted)
    boxes = {box.box: box for box in export(tmp_path / "m.onnx", run, dataset).verification.boxes}
    assert boxes["in"].largest < 1e-6


def test_kinds_are_converted():
    column = Column("when", "date", np.array([0, np.nan, 1.5 * DAY]))
    texts = as_kind(column, "text")
    assert texts.values.tolist() == ["1970-01-01", "", "1970-01-02 12:00:00"]
    np.testing.assert_array_equal(as_kind(texts, "date").values, column.values)


@pytest.mark.parametrize("template", ["mlp", "lstm"])
def test_from_dates_to_a_model_and_back(place, template, capsys):
    rng, start = np.random.default_rng(0), np.datetime64("2023-01-01T00:00")
    when = start + rng.integers(0, 700 * 24, 200).astype("timedelta64[h]")
    hour = (when - when.astype("datetime64[D]")).astype(int) // 60
    lines = [f"{t},{h},{'day' if 6 <= h < 18 else 'night'}" for t, h in zip(when, hour, strict=True)]
    lines[5] = f",{hour[5]},day"
    (place / "d.csv").write_text("\n".join(["when,h,label", *lines]) + "\n")
    project = api.new("p.netw", data="d.csv", template=template)
    read = next(iter(project.graph.nodes.values()))
    assert ("when" in read.columns) == (template == "mlp")
    api.train("p.netw", epochs=30)
    (scores,) = api.evaluate("p.netw").metrics.values()
    assert 0.8 * (template == "mlp") < scores["Accuracy"] <= 1  # chance has no order that a series could learn
    report = api.export("p.netw", "p.onnx", opset=17)
    assert report.verification.largest < 1e-4
    if template == "mlp":
        session = onnxruntime.InferenceSession("p.onnx")
        assert {feed.name: feed.type for feed in session.get_inputs()}["table.when"] == "tensor(int64)"
        (place / "new.csv").write_text("when,h\n2024-05-06 12:00,12\n2024-05-06 03:00,3\nsoon,3\n")
        notes = []
        answers = api.predict("p.netw", ["new.csv"], on_note=notes.append)
        assert [answer["output"].text for answer in answers[:2]] == ["day", "night"]
        assert "1 value of when is no date and counts as missing: soon." in notes
        typed = api.predict("p.netw", ["12,2024-05-06 12:00" if read.columns[0] == "h" else "2024-05-06 12:00,12"])
        assert typed[0]["output"] == answers[0]["output"]
        with pytest.raises(api.UserError, match=r"when is a date, but soon is not\. Write it as 2024-12-31"):
            api.predict("p.netw", ["soon,12"])
