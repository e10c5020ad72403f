"""Slopes before and after a batch size."""

import numpy as np
import pytest

from sharpminima.tables.summaries import slopes

from ..experiments.test_thresholds import falling, sweep


def test_slopes_are_those_of_both_sides():
    rows = sweep(falling, noise=0.0, seeds=2)
    values = slopes.by_size(rows, "test_accuracy")
    assert slopes.around(values, 512) == pytest.approx((0.0, -1.0))
    assert slopes.middle(values) == pytest.approx(256)


def test_slopes_need_batch_sizes_on_both_sides():
    values = slopes.by_size(sweep(falling), "test_accuracy")
    assert np.isnan(slopes.around(values, 8192)).all()
