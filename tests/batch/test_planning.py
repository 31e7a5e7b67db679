"""Estimates by what a few inputs took: numbers that can be told by hand, and what must hold whatever is measured."""

import random

import pytest

from hounsfield.batch.planning import Divided, Estimate, Line, chosen_sample, extrapolated, makespan


def test_what_lies_on_a_line_is_told_exactly():
    points = [(size, 0.5 + 0.002 * size) for size in (10, 100, 1000, 5000)]
    made = extrapolated(points, [300.0, 700.0])
    assert made.value == pytest.approx(2 * 0.5 + 0.002 * 1000)
    assert made.low == pytest.approx(made.value)
    assert made.high == pytest.approx(made.value)


def test_neither_an_input_nor_a_byte_takes_less_than_nothing():
    for points in ([(10, 5.0), (1000, 1.0)], [(10, 0.0), (1000, 9.0)], [(1, 1.0), (1, 3.0)]):
        line = Line.through(points)
        assert line.each >= 0
        assert line.of_byte >= 0


def test_inputs_of_one_size_take_their_mean():
    assert Line.through([(100, 1.0), (100, 3.0)]).total([100] * 7) == pytest.approx(14)


def test_one_input_tells_no_range():
    assert extrapolated([(10, 1.0)], [30]) == Estimate(3.0)
    assert (extrapolated([(10, 1.0)], [30]).plus(5)).low is None


def test_the_range_holds_the_truth_nineteen_times_in_twenty():
    numbers = random.Random(4)
    sizes = [numbers.choice([20, 200, 2000]) for _ in range(400)]
    inside = 0
    for _ in range(200):
        costs = [0.1 + size * 0.01 * numbers.uniform(0.7, 1.3) for size in sizes]
        chosen = numbers.sample(range(400), 8)
        others = [index for index in range(400) if index not in chosen]
        made = extrapolated([(sizes[i], costs[i]) for i in chosen], [sizes[i] for i in others])
        inside += (made.low or 0) <= sum(costs[i] for i in others) <= (made.high or 0)
    assert inside >= 170


@pytest.mark.parametrize("count", [1, 2, 3, 5, 20, 1000])
def test_a_sample_has_so_many_different_inputs(count):
    numbers = random.Random(count)
    sizes = [numbers.choice([0, 1, 10, 10_000]) for _ in range(50)]
    chosen = chosen_sample(sizes, count)
    assert len(chosen) == len(set(chosen)) == min(count, 50)
    if count > 2:
        assert min(sizes) in [sizes[index] for index in chosen]
    if count > 1:
        assert max(sizes) in [sizes[index] for index in chosen]


def test_inputs_go_to_whichever_worker_is_free():
    assert makespan([4, 1, 1, 1, 1], 2, 8) == 4
    assert makespan([1, 1, 4], 2, 8) == 5
    assert makespan([1] * 8, 8, 2) == 4  # two processors do not work faster for having eight processes
    assert makespan([], 3, 3) == 0


def test_a_series_is_with_one_member_and_all_are_with_some():
    numbers = random.Random(7)
    series = [f"1.2.{numbers.randrange(60)}" for _ in range(300)]
    whole = Divided(series, [10] * 300, [2.0] * 300, 1, 1).among(1)
    assert (whole.most_inputs, whole.most_bytes, whole.seconds) == (300, 3000, 600)
    among = Divided(series, [10] * 300, [2.0] * 300, 1, 1, fixed=5).among(7)
    assert max(map(series.count, set(series))) <= among.most_inputs < 300
    assert among.seconds == 5 + 2 * among.most_inputs


def test_the_array_to_choose_takes_an_hour_or_is_as_short_as_its_longest_series():
    short = Divided([str(n) for n in range(2000)], [1] * 2000, [100.0] * 2000, 2, 2).choices()
    assert short[0].members == 1
    assert short[-1].seconds <= 3600 < short[-2].seconds
    alone = Divided(["a"] * 10, [1] * 10, [4000.0] * 10, 2, 2).choices()
    assert [one.members for one in alone] == [1]
    uneven = Divided(["a", *map(str, range(99))], [1] * 100, [90_000.0, *[10.0] * 99], 1, 1).choices()
    assert uneven[-1].seconds >= 90_000
    assert uneven[-1].members < 10
