"""Copies of a model, with layers that read the point where Keras' own would not."""

from collections.abc import Callable

from sharpminima.backend import keras


@keras.saving.register_keras_serializable("sharpminima")
class PointNormalization(keras.layers.Normalization):
    """Normalisation by the mean and variance that the layer's variables hold."""

    def call(self, inputs):
        """Normalise `inputs`; Keras would use the variables of when it was adapted."""
        self.finalize_state()
        return super().call(inputs)


def copy_of(model, changed: Callable = lambda layer, config: type(layer)):
    """Return a copy of a model, made of fresh layers with the weights of `model`.

    Args:
        model: A Sequential or functional model.
        changed: Maps a layer and its config to the class of its copy. It may change the
            config.
    """

    def replaced(layer):
        if hasattr(layer, "layers"):
            return copy_of(layer, changed)
        config = layer.get_config()
        kind = changed(layer, config)
        if kind is keras.layers.Normalization and layer.input_mean is None:
            kind = PointNormalization
        return kind.from_config(config)

    copy = keras.models.clone_model(model, clone_function=replaced)
    # A clone has the layers in the same order, but fresh weights.
    copy.set_weights(model.get_weights())
    return copy
