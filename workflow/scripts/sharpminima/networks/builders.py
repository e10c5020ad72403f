"""The networks, by name: each builder returns an untrained Keras model with logits.

Source: Keskar et al. 2017 (arXiv:1609.04836), Table 1 and appendix B, and for the
convolutional networks the authors' `network_zoo.py`, which wins where it differs from
the text (convolutions have stride 1, and the order is convolution, batch normalisation,
ReLU, pooling). Only stock Keras layers, so that a checkpoint loads into a model written
in plain Keras. The builders import Keras themselves: the Snakefile reads their names
and options without it.
"""

import inspect
from typing import Literal, get_type_hints

from sharpminima.networks import own

# The authors' Keras 1.0.8 used this default; Keras 3 has 1e-3.
BATCH_NORM_EPSILON = 1e-5

Pooling = Literal["tensorflow", "theano"]

# For each block of the deep network: the dropout after each of its convolutions.
DEEP_BLOCKS = {
    64: (0.3, None),
    128: (0.4, None),
    256: (0.4, 0.4, None),
    512: (0.4, 0.4, None),
}


def fully_connected(input_shape, classes, *, hidden_layers: int, units: int):
    """Dense layers, each batch-normalised, then ReLU (F1, F2; appendix B.1, B.2).

    Args:
        input_shape: Shape of one example, such as `(28, 28)`; it is flattened.
        classes: Number of logits.
        hidden_layers: Number of Dense - BatchNormalization - ReLU blocks.
        units: Neurons in each of them.
    """
    from keras import layers

    hidden = [_dense(units) for _ in range(hidden_layers)]
    top = [layers.Dense(classes)]
    return _sequential(input_shape, [layers.Flatten()], *hidden, top)


def shallow_convolutional(input_shape, classes, *, pooling: Pooling):
    """Two convolutions and two dense layers (C1, C3; appendix B.3, `shallownet`).

    Args:
        input_shape: Shape of one image, `(height, width, channels)`.
        classes: Number of logits.
        pooling: See `_max_pooling`.
    """
    from keras import layers

    convolutions = [
        [*_convolution(64, kernel=5), *_max_pooling(3, pooling)] for _ in range(2)
    ]
    dense = [[*_dense(units), layers.Dropout(0.5)] for units in (384, 192)]
    top = [layers.Dense(classes)]
    return _sequential(input_shape, *convolutions, [layers.Flatten()], *dense, top)


def deep_convolutional(input_shape, classes, *, pooling: Pooling):
    """Thirteen convolutions in five blocks (C2, C4; appendix B.4, `deepnet`).

    Args:
        input_shape: Shape of one image, `(height, width, channels)`.
        classes: Number of logits.
        pooling: See `_max_pooling`.
    """
    from keras import layers

    blocks = [
        [*_dropped_out(filters, rates), *_max_pooling(2, pooling)]
        for filters, rates in [*DEEP_BLOCKS.items(), (512, DEEP_BLOCKS[512])]
    ]
    return _sequential(
        input_shape,
        *blocks,
        [layers.Flatten(), layers.Dropout(0.5)],
        [*_dense(512), layers.Dropout(0.5)],
        [layers.Dense(classes)],
    )


BUILDERS = {
    "fully_connected": fully_connected,
    "shallow_convolutional": shallow_convolutional,
    "deep_convolutional": deep_convolutional,
}


def options(builder: str) -> dict[str, type]:
    """Return the options that the builder called `builder` takes, with their types."""
    hints = get_type_hints(BUILDERS[builder])
    parameters = inspect.signature(BUILDERS[builder]).parameters.values()
    return {p.name: hints[p.name] for p in parameters if p.kind is p.KEYWORD_ONLY}


def for_dataset(network: dict, dataset):
    """Return the untrained model of a `networks` entry, fitting `dataset`."""
    input_shape = tuple(dataset.x_train.shape[1:])
    return build(network, input_shape=input_shape, classes=dataset.classes)


def build(network: dict, *, input_shape, classes):
    """Return the untrained model that a `networks` entry of the config describes.

    Args:
        network: `builder`, a name in `BUILDERS`, and its `options`; or an entry with
            a `file`, see `sharpminima.networks.own`.
        input_shape: Shape of one example.
        classes: Number of logits.

    Raises:
        ValueError: If the builder is unknown; the message lists the known ones.
    """
    if network.get("file"):
        return own.build(network, input_shape=input_shape, classes=classes)
    builder = BUILDERS.get(network["builder"])
    if builder is None:
        raise ValueError(
            f"`builder` must be one of {sorted(BUILDERS)}. "
            f"Received: {network['builder']!r}"
        )
    return builder(input_shape, classes, **network["options"])


def layers_of(model):
    """Yield every layer of `model`, those of nested models included."""
    for layer in model.layers:
        yield layer
        if hasattr(layer, "layers"):
            yield from layers_of(layer)


def is_convolutional(model) -> bool:
    """Tell whether `model` has convolutional layers."""
    return any(isinstance(layer, convolutions()) for layer in layers_of(model))


def convolutions() -> tuple[type, ...]:
    """Return Keras' convolutional layers."""
    from keras import layers

    return layers.Conv1D, layers.Conv2D, layers.Conv3D


def _sequential(input_shape, *stages):
    import keras

    layers = [layer for stage in stages for layer in stage]
    return keras.Sequential([keras.Input(input_shape), *layers])


def _dense(units):
    from keras import layers

    return [layers.Dense(units), *_normalised_relu()]


def _convolution(filters, kernel):
    from keras import layers

    return [layers.Conv2D(filters, kernel, padding="same"), *_normalised_relu()]


def _dropped_out(filters, rates):
    """Return 3 x 3 convolutions, with dropout of the given rate after some of them."""
    from keras import layers

    stack = []
    for rate in rates:
        stack += _convolution(filters, kernel=3)
        stack += [layers.Dropout(rate)] if rate else []
    return stack


def _normalised_relu():
    from keras import layers

    normalised = layers.BatchNormalization(epsilon=BATCH_NORM_EPSILON)
    return [normalised, layers.Activation("relu")]


def _max_pooling(size, pooling):
    """Return the layers of a max pooling with stride 2 that halves the image.

    `tensorflow` pools windows 0..size-1, 2..size+1 and so on. `theano` does what the
    authors' backend did: its windows begin one pixel earlier, at -1, 1, 3. Zeros may
    stand for what lies outside, since a ReLU comes before. Shapes are the same.
    """
    from keras import layers

    if pooling == "tensorflow":
        return [layers.MaxPooling2D(size, strides=2, padding="same")]
    before_and_after = (1, size - 2)
    padding = layers.ZeroPadding2D((before_and_after, before_and_after))
    return [padding, layers.MaxPooling2D(size, strides=2)]
