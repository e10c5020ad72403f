"""The units of a network: where a factor of each is undone, and which can be swapped.

A unit is a column of a kernel: a neuron of a dense layer or a filter of a convolution.
What it puts out passes through layers that keep units apart, such as pooling, to the
layers that take it in. Other layers, such as sums of two branches, end the search: no
statement is made about units that reach them. So is the end of the model.
"""

from collections.abc import Callable, Iterator

import numpy as np

from sharpminima.backend import keras
from sharpminima.networks.layers import convolutions

layers = keras.layers
KERNELS = (layers.Dense, *convolutions())
# At evaluation they put out features of each unit alone, and a positive factor of their
# inputs is a factor of their outputs.
CARRIERS = (
    *(layers.Dropout, layers.SpatialDropout1D, layers.SpatialDropout2D),
    *(layers.SpatialDropout3D, layers.GaussianDropout, layers.GaussianNoise),
    *(layers.MaxPooling1D, layers.MaxPooling2D, layers.MaxPooling3D),
    *(layers.AveragePooling1D, layers.AveragePooling2D, layers.AveragePooling3D),
    *(layers.GlobalMaxPooling1D, layers.GlobalMaxPooling2D),
    *(layers.GlobalAveragePooling1D, layers.GlobalAveragePooling2D),
    *(layers.ZeroPadding1D, layers.ZeroPadding2D, layers.ZeroPadding3D),
    *(layers.Flatten, layers.Identity, layers.LeakyReLU),
)
ACTIVATIONS = (layers.Activation, layers.ReLU)
# Functions of each feature alone. A positive factor passes through the first three.
HOMOGENEOUS = {"linear", "relu", "leaky_relu"}
ELEMENTWISE = HOMOGENEOUS | {
    *("relu6", "elu", "selu", "celu", "gelu", "sigmoid", "hard_sigmoid", "tanh"),
    *("silu", "hard_silu", "mish", "softplus", "softsign", "exponential"),
}
# A layer that units meet, and the unit behind each of the features that it gets.
Met = list[tuple[keras.Layer, np.ndarray]]


def scalable(model) -> Iterator[tuple[keras.Layer, Met]]:
    """Yield layers whose units can have any positive factor, and what undoes it.

    If a unit's column and bias are multiplied by a > 0, the network stays the same
    - but for its epsilon, where batch normalisation follows;
    - where the kernels that take the unit in have its row divided by a.

    Args:
        model: A built Keras model.
    """

    def ends(layer):
        return normalises(layer) or _reads(layer)

    for layer, after in _kernels(model):
        if _activation(layer) in HOMOGENEOUS and (
            met := _met(layer, _units(layer), after, passes=_carries, ends=ends)
        ):
            yield layer, [(end, units) for end, units in met if ends(end)]


def exchangeable(model) -> Iterator[tuple[keras.Layer, Met]]:
    """Yield layers whose units can change places, and all layers that must follow.

    Args:
        model: A built Keras model.
    """

    def passes(layer):
        alone = type(layer) in ACTIVATIONS and _activation(layer) in ELEMENTWISE
        return alone or _carries(layer) or normalises(layer)

    for layer, after in _kernels(model):
        # In a grouped convolution the filters of a group share their inputs.
        alone = _reads(layer) and _activation(layer) in ELEMENTWISE
        if alone and (
            met := _met(layer, _units(layer), after, passes=passes, ends=_reads)
        ):
            yield layer, met


def normalises(layer) -> bool:
    """Tell whether a layer is batch normalisation of each unit by its own moments."""
    return (
        type(layer) is layers.BatchNormalization
        and layer.axis in (-1, layer.input_spec.ndim - 1)
        and not layer.renorm
    )


def _kernels(model):
    """Yield each layer with columns, and the graph of the model that it lies in."""
    after = _consumers(model)
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from _kernels(layer)
        elif type(layer) in KERNELS and _channels_last(layer):
            yield layer, after


def _consumers(model) -> dict[str, list]:
    """Return the layers that take in what each layer puts out, by its name.

    A layer that is called more than once is None: it sees other features as well.
    """
    if isinstance(model, keras.Sequential):
        chain = model.layers
        return {layer.name: chain[i : i + 1] for i, layer in enumerate(chain, start=1)}
    # With one output, it is what no layer takes in. One of several could hide.
    if len(model.outputs) > 1:
        return {layer.name: [] for layer in model.layers}
    called = {e["name"]: e["inbound_nodes"] for e in model.get_config()["layers"]}
    operations = {operation.name: operation for operation in model.operations}
    after = {name: [] for name in called}
    for name, calls in called.items():
        for source in _sources(calls):
            after[source].append(operations[name] if len(calls) == 1 else None)
    return after


def _sources(arguments):
    """Yield the names of the layers whose outputs stand in Keras' `inbound_nodes`."""
    match arguments:
        case {"class_name": "__keras_tensor__", "config": config}:
            yield config["keras_history"][0]
        case dict():
            yield from _sources([*arguments.values()])
        case list() | tuple():
            for argument in arguments:
                yield from _sources(argument)


def _met(layer, units, after, *, passes: Callable, ends: Callable) -> Met:
    """Return what the units of `layer` meet up to the first `ends` on each branch.

    Nothing, if on any branch comes the model's end or a layer that does not pass.
    """
    met = []
    for consumer in after[layer.name]:
        met.append((consumer, units))
        if consumer is not None and ends(consumer):
            continue
        if consumer is None or not passes(consumer):
            return []
        # Flattening lines up the positions, and at each of them come all units.
        copies = consumer.output.shape[-1] // len(units)
        further = _met(
            consumer, np.tile(units, copies), after, passes=passes, ends=ends
        )
        if not further:
            return []
        met += further
    return met


def _units(layer):
    return np.arange(layer.kernel.shape[-1])


def _reads(layer):
    """Tell whether each column of a layer's kernel has a row for each feature."""
    ungrouped = getattr(layer, "groups", 1) == 1
    return type(layer) in KERNELS and ungrouped and _channels_last(layer)


def _carries(layer):
    """Tell whether a positive factor of a unit comes out as a factor of it alone."""
    if type(layer) in CARRIERS:
        return _channels_last(layer)
    return type(layer) in ACTIVATIONS and _activation(layer) in HOMOGENEOUS


def _activation(layer):
    """Return the name of the function that a layer applies at last."""
    if type(layer) is layers.ReLU:
        homogeneous = layer.max_value is None and not layer.threshold
        return "relu" if homogeneous else "relu6"
    return getattr(layer.activation, "__name__", "")


def _channels_last(layer):
    return getattr(layer, "data_format", "channels_last") == "channels_last"
