"""Networks as people have them, as small as can be, for images of 8 x 8 x 2."""

import keras
import numpy as np
from keras import layers, ops


@keras.saving.register_keras_serializable("tests")
class Patches(layers.Layer):
    """Embeds the four quarters of an image, and their positions."""

    def __init__(self, width, **settings):
        super().__init__(**settings)
        self.width = width
        self.cut = layers.Conv2D(width, 4, strides=4)
        self.positions = layers.Embedding(4, width)

    def build(self, shape):
        self.cut.build(shape)
        self.positions.build(())

    def call(self, images):
        embedded = ops.reshape(self.cut(images), (-1, 4, self.width))
        return embedded + self.positions(ops.arange(4))

    def get_config(self):
        return {**super().get_config(), "width": self.width}


@keras.saving.register_keras_serializable("tests")
class Mixture(layers.Layer):
    """A dense layer that holds none of its initializers."""

    def __init__(self, units, **settings):
        super().__init__(**settings)
        self.units = units

    def build(self, shape):
        def draw(shape, dtype=None):
            return keras.random.normal(shape, dtype=dtype)

        self.kernel = self.add_weight((shape[-1], self.units), draw, name="kernel")
        self.scale = self.add_weight((self.units,), "ones", name="scale")

    def call(self, inputs):
        return self.scale * (inputs @ self.kernel)

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@keras.saving.register_keras_serializable("tests")
class Temperature(layers.Layer):
    """Multiplies by a single trained number."""

    def build(self, shape):
        self.factor = self.add_weight((), "ones", name="factor")

    def call(self, inputs):
        return self.factor * inputs


def _stack(input_shape, *stack):
    return keras.Sequential([keras.Input(input_shape), *stack])


def vision_transformer(input_shape, classes):
    """Return one block of attention over four patches."""
    image = keras.Input(input_shape)
    x = Patches(8)(image)
    y = layers.LayerNormalization()(x)
    x = x + layers.MultiHeadAttention(2, 4, dropout=0.1)(y, y)
    y = layers.Dense(8, activation="gelu")(layers.LayerNormalization()(x))
    x = layers.GlobalAveragePooling1D()(x + y)
    return keras.Model(image, layers.Dense(classes)(x))


def mobile(input_shape, classes):
    """Return a depthwise and a separable convolution, each with normalisation."""
    return _stack(
        input_shape,
        *(layers.DepthwiseConv2D(3, depth_multiplier=2), layers.BatchNormalization()),
        layers.ReLU(6.0),
        *(layers.SeparableConv2D(4, 3), layers.BatchNormalization(), layers.ReLU(6.0)),
        *(layers.GlobalAveragePooling2D(), layers.Dense(classes)),
    )


def recurrent(input_shape, classes):
    """Return an LSTM and a GRU that read what a dense layer makes of each row."""
    rows = layers.Reshape((input_shape[0], -1))
    each = layers.TimeDistributed(layers.Dense(4, activation="tanh"))
    cells = layers.LSTM(6, return_sequences=True), layers.GRU(6)
    return _stack(input_shape, rows, each, *cells, layers.Dense(classes))


def normalised(input_shape, classes):
    """Return penalised dense layers, one of spectral norm one, of adapted inputs."""
    adapted = layers.Normalization()
    adapted.adapt(np.random.default_rng(0).uniform(0, 2, (16, *input_shape)))
    dense = layers.Dense(8, activation="relu", activity_regularizer="l1")
    last = layers.Dense(classes, kernel_regularizer="l2")
    hidden = layers.SpectralNormalization(dense)
    return _stack(input_shape, adapted, layers.Flatten(), hidden, last)


def own_layer(input_shape, classes):
    """Return a layer whose weights only Keras can draw."""
    return _stack(input_shape, layers.Flatten(), Mixture(classes))


def one_parameter(input_shape, classes):
    """Return a network with one parameter: a multiple of four pixels."""
    pixels = layers.Cropping2D((3, 3))
    return _stack(
        input_shape,
        *(pixels, layers.Reshape((-1,)), layers.Reshape((classes, -1))),
        *(layers.GlobalAveragePooling1D("channels_first"), Temperature()),
    )
