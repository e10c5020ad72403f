"""The paper's networks: each builder returns an untrained Keras model with logits.

Source: Keskar et al. 2017 (arXiv:1609.04836), Table 1 and appendix B, and for the
convolutional networks the authors' `network_zoo.py`. Where the two differ, the code
wins: convolutions have stride 1, and the order is convolution, batch normalisation,
ReLU, pooling. All layers are Keras' own, so you can load a checkpoint into a model
written in plain Keras.

Functions here import Keras when they are called. The Snakefile needs only the names and
signatures of the builders, and reads them without Keras.
"""

from typing import Literal

# Keras 1.0.8, which the authors used, had this default. In Keras 3 it is 1e-3.
BATCH_NORM_EPSILON = 1e-5

Pooling = Literal["tensorflow", "theano"]

# The five blocks of the deep network: the filters of a block's convolutions, and the
# dropout rate after each of them.
DEEP_BLOCKS = [
    (64, (0.3, None)),
    (128, (0.4, None)),
    (256, (0.4, 0.4, None)),
    (512, (0.4, 0.4, None)),
    (512, (0.4, 0.4, None)),
]


def fully_connected(input_shape, classes, *, hidden_layers: int, units: int):
    """Return dense layers with batch normalisation and ReLU (F1, F2; B.1, B.2).

    Args:
        input_shape: Shape of one example, such as `(28, 28)`; it is flattened.
        classes: Number of logits.
        hidden_layers: Number of blocks Dense - BatchNormalization - ReLU.
        units: Number of neurons in each block.
    """
    from keras import layers

    stack = [layers.Flatten()]
    for _ in range(hidden_layers):
        stack += _dense(units)
    return _sequential(input_shape, [*stack, layers.Dense(classes)])


def shallow_convolutional(input_shape, classes, *, pooling: Pooling):
    """Return two convolutions and two dense layers (C1, C3; B.3, `shallownet`).

    Args:
        input_shape: Shape of one image, `(height, width, channels)`.
        classes: Number of logits.
        pooling: Where the windows of max pooling begin, see `_max_pooling`.
    """
    from keras import layers

    stack = []
    for _ in range(2):
        stack += [*_convolution(64, kernel=5), *_max_pooling(3, pooling)]
    stack += [layers.Flatten()]
    # "0.5 retention" (B.3): each dense layer drops half of its neurons.
    for units in (384, 192):
        stack += [*_dense(units), layers.Dropout(0.5)]
    return _sequential(input_shape, [*stack, layers.Dense(classes)])


def deep_convolutional(input_shape, classes, *, pooling: Pooling):
    """Return thirteen convolutions in five blocks (C2, C4; B.4, `deepnet`).

    Args:
        input_shape: Shape of one image, `(height, width, channels)`.
        classes: Number of logits.
        pooling: Where the windows of max pooling begin, see `_max_pooling`.
    """
    from keras import layers

    stack = []
    for filters, rates in DEEP_BLOCKS:
        for rate in rates:
            stack += _convolution(filters, kernel=3)
            stack += [layers.Dropout(rate)] if rate else []
        stack += _max_pooling(2, pooling)
    # Unlike the shallow network, `deepnet` drops inputs of its dense layer as well.
    stack += [layers.Flatten(), layers.Dropout(0.5)]
    stack += [*_dense(512), layers.Dropout(0.5)]
    return _sequential(input_shape, [*stack, layers.Dense(classes)])


BUILDERS = {
    "fully_connected": fully_connected,
    "shallow_convolutional": shallow_convolutional,
    "deep_convolutional": deep_convolutional,
}


def for_dataset(network: dict, dataset):
    """Return the untrained model of a `networks` entry for `dataset`."""
    input_shape = tuple(dataset.x_train.shape[1:])
    return build(network, input_shape=input_shape, classes=dataset.classes)


def build(network: dict, *, input_shape, classes):
    """Return the untrained model that a `networks` entry of the config describes.

    Args:
        network: `builder`, a name in `BUILDERS`, and its `options`. An entry with a
            `file` is built by the user's function in it, or is the model in it: see
            `sharpminima.networks.own` and `saved_models`.
        input_shape: Shape of one example.
        classes: Number of logits.

    Raises:
        ValueError: If no builder has this name, or if the user's model cannot be used.
    """
    if network.get("file"):
        # They import Keras.
        from sharpminima.networks import own, saved_models

        by = own if network["file"].endswith(".py") else saved_models
        return by.build(network, input_shape=input_shape, classes=classes)
    builder = BUILDERS.get(network["builder"])
    if builder is None:
        raise ValueError(
            f"`builder` must be one of {sorted(BUILDERS)}. "
            f"Received: {network['builder']!r}"
        )
    return builder(input_shape, classes, **network["options"])


def _sequential(input_shape, stack):
    import keras

    return keras.Sequential([keras.Input(input_shape), *stack])


def _dense(units):
    from keras import layers

    return [layers.Dense(units), *_normalised_relu()]


def _convolution(filters, kernel):
    from keras import layers

    return [layers.Conv2D(filters, kernel, padding="same"), *_normalised_relu()]


def _normalised_relu():
    from keras import layers

    normalised = layers.BatchNormalization(epsilon=BATCH_NORM_EPSILON)
    return [normalised, layers.Activation("relu")]


def _max_pooling(size, pooling):
    """Return the layers of a max pooling with stride 2, which halves the image.

    With `tensorflow`, windows begin at the pixels 0, 2, 4 and so on. With `theano`, the
    authors' backend, they begin one pixel earlier, at -1, 1, 3. Both give the same
    shapes.
    """
    from keras import layers

    if pooling == "tensorflow":
        return [layers.MaxPooling2D(size, strides=2, padding="same")]
    # Zeros stand for pixels outside. They change no maximum, since a ReLU comes before.
    before_and_after = (1, size - 2)
    padding = layers.ZeroPadding2D((before_and_after, before_and_after))
    return [padding, layers.MaxPooling2D(size, strides=2)]
