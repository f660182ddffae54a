"""Calls made beforehand, and what is set while a plan makes them."""

import warnings

import numpy as np
import pytest

from engine.calls import in_turn, singles
from engine.plan.setting import BUFFER, Setting


def test_calls_in_turn_are_made_in_their_order_and_can_be_taken_apart():
    seen = []
    first, second, third = (lambda n=n: seen.append(n) for n in range(3))
    both = in_turn((first, in_turn((second, third))))
    both()
    assert seen == [0, 1, 2]
    assert singles(both) == (first, second, third)


def test_one_call_in_turn_is_that_call():
    def call():
        pass

    assert in_turn([call]) is call
    assert singles(call) == (call,)


@pytest.mark.parametrize("large", [False, True])
def test_a_setting_holds_while_a_function_runs_and_only_then(large):
    before = np.getbufsize(), np.geterr()
    assert Setting(large).run(np.getbufsize) == BUFFER
    assert set(Setting(large).run(np.geterr).values()) == {"ignore"}
    assert (np.getbufsize(), np.geterr()) == before


@pytest.mark.parametrize("large", [False, True])
def test_within_a_setting_nothing_is_warned_of_and_errors_pass(large):
    setting = Setting(large)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isinf(setting.run(np.divide, np.ones(3), np.zeros(3))).all()
        with pytest.raises(ZeroDivisionError):
            setting.run(lambda: 1 / 0)
        with pytest.raises(RuntimeWarning):
            np.divide(np.ones(3), np.zeros(3))
    assert np.isinf(setting.run(np.divide, np.ones(3), np.zeros(3))).all()
