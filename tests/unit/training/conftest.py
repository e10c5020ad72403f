"""The data and the model of most tests of training."""

import pytest

import training_runs as small


@pytest.fixture
def dataset():
    """Three noisy blobs in the plane: 90 and 30 examples."""
    return small.blobs()


@pytest.fixture
def model(dataset):
    """A softmax model of that dataset, without hidden layers."""
    return small.linear(dataset)
