"""Trends before and after a batch size."""

import numpy as np
import pytest

from sharpminima.tables.summaries import trends

from ..experiments.test_thresholds import falling, sweep


def test_trends_are_those_of_both_sides():
    rows = sweep(falling, noise=0.0, seeds=2)
    values = trends.by_size(rows, "test_accuracy")
    assert trends.around(values, 512) == pytest.approx((0.0, -1.0))
    assert trends.middle(values) == pytest.approx(256)


def test_trends_need_batch_sizes_on_both_sides():
    values = trends.by_size(sweep(falling), "test_accuracy")
    assert np.isnan(trends.around(values, 8192)).all()
