"""The networks that are measured, and the line protocol by which the yardstick does so."""

import io
import json

import numpy as np
import pytest

from engine.bench.further import FURTHER
from engine.bench.networks import NETWORKS, network
from engine.bench.serve import Bench, ready, serve
from engine.bench.yardstick import YARDSTICK
from engine.infer import infer
from engine.plan.state import draw_parameters
from engine.problems import UserError

WEIGHTS = {
    "mlp_b64": ("0.weight", "2.bias", "4.weight"),
    "mlp_b256": ("0.weight", "2.bias", "4.weight"),
    "tiny_b32": ("0.weight", "2.bias", "4.weight"),
    "lenet_b64": ("0.weight", "3.bias", "7.weight", "9.bias"),
    "vgg_b64": ("0.weight", "1.running_mean", "10.weight", "15.weight", "17.bias"),
    "lstm_b32": ("lstm.weight_ih_l0", "lstm.bias_hh_l0", "head.weight"),
    "tf_b32": ("layers.0.self_attn.in_proj_weight", "layers.1.self_attn.out_proj.bias", "layers.1.norm2.weight"),
}


@pytest.mark.parametrize("name", YARDSTICK)
def test_a_network_has_the_weights_of_the_yardstick(name):
    made = network(name)
    graph = made.graph()
    assert infer(graph).problems == ()
    names = draw_parameters(graph, 0).keys()
    theirs = {made.theirs(ours) for ours in names}
    assert len(theirs) == len(names)
    assert theirs >= set(WEIGHTS[name])


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_fits_its_data(name):
    made = network(name)
    graph, (x, target) = made.graph(), made.data()
    assert infer(graph).problems == ()
    assert x.shape == (made.batch, *made.size)
    assert target.shape == (made.batch, *made.loss.target_shape(*infer(graph).inputs(graph, "output")))


def test_no_further_network_is_one_of_the_yardstick():
    assert not YARDSTICK.keys() & FURTHER.keys()


@pytest.mark.parametrize("name", ["tiny_b32", "mlp_b64", "lstm_b32", "autoencoder_b64"])
def test_the_loss_falls(name):
    plan = ready(name)
    losses = [plan.step(1e-3) for _ in range(20)]
    assert losses[-1] < losses[0]


def test_data_is_the_same_every_time():
    for one, other in zip(network("lstm_b32").data(), network("lstm_b32").data(), strict=True):
        np.testing.assert_array_equal(one, other)


def asked(*requests):
    answers = io.StringIO()
    serve(io.StringIO("\n".join(requests) + "\n"), answers)
    return [json.loads(line) for line in answers.getvalue().splitlines()]


def test_serve_answers_each_request_with_a_line(tmp_path):
    made = network("tiny_b32")
    parameters = draw_parameters(made.graph(), 5)
    path = tmp_path / "first values.npz"
    np.savez(path, **{made.theirs(name): array for name, array in parameters.items()})
    run, losses, again = asked(
        "RUN tiny_b32 0.01", "", f"LOSSES tiny_b32 3 {path}", f"LOSSES tiny_b32 3 {path}", "QUIT"
    )
    assert run["n"] >= 3
    assert 0 < run["min"] <= run["p10"] <= run["ms"]
    assert len(losses) == 3
    assert losses == again


def test_serve_stays_when_a_request_is_wrong():
    answers = asked(
        "RUN no_such_network 1", "NONSENSE", "LOSSES tiny_b32 1 /no/such/file", "RUN tiny_b32 x", "QUIT", "RUN"
    )
    assert [list(answer) for answer in answers] == [["error"]] * 4
    assert "Take one of" in answers[0]["error"]


def test_an_unknown_network_is_named():
    with pytest.raises(UserError, match="no network 'vgg'"):
        network("vgg")
    with pytest.raises(UserError, match="A request is"):
        Bench().answer("RUN")
