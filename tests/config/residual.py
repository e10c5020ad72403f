"""A network of your own with everything that a copy must not lose."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("tests")
class Scale(layers.Layer):
    """Multiplies by one trained number for each feature."""

    def build(self, shape):
        self.gamma = self.add_weight(name="gamma", shape=shape[-1:], initializer="ones")

    def call(self, inputs):
        return self.gamma * inputs


def residual(input_shape, classes, *, units: int, blocks: int = 1, rate=0.1):
    """Return `blocks` residual blocks of `units` neurons, each with a `Scale`."""
    image = keras.Input(input_shape)
    x = layers.Dense(units, kernel_regularizer="l2")(layers.Flatten()(image))
    for _ in range(blocks):
        y = layers.Dense(units)(ops.relu(layers.BatchNormalization()(x)))
        x = Scale()(x) + layers.Dropout(rate)(y)
    return keras.Model(image, layers.Dense(classes)(x))
