"""The layers inside a Keras model, also where models are nested."""

from collections.abc import Iterator


def layers_of(model) -> Iterator:
    """Yield every layer of `model`, and every layer of the models nested in it."""
    for layer in model.layers:
        yield layer
        if hasattr(layer, "layers"):
            yield from layers_of(layer)


def parts_of(model) -> list:
    """Return every layer of `model`, and every layer inside these, outer ones first.

    Unlike `layers_of`, it looks into layers that are no models: the projections of
    attention, the cell of an LSTM, the layer in a wrapper.
    """
    # Keras has no public way into a layer.
    return model._flatten_layers(include_self=False)


def convolutions() -> tuple[type, ...]:
    """Return the classes of Keras' convolutional layers."""
    from keras import layers

    return layers.Conv1D, layers.Conv2D, layers.Conv3D


def is_convolutional(model) -> bool:
    """Tell whether `model` has a convolutional layer."""
    return any(isinstance(layer, convolutions()) for layer in layers_of(model))
