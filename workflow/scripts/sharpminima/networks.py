"""The networks, by name: each builder returns an untrained Keras model with logits.

Source: Keskar et al. 2017 (arXiv:1609.04836), Table 1 and appendix B. Only stock Keras
layers, so that a checkpoint loads into a model written in plain Keras. The builders
import Keras themselves: the Snakefile reads their names and options without it.
"""

import inspect


def fully_connected(input_shape, classes, *, hidden_layers: int, units: int):
    """Dense layers, each batch-normalised, then ReLU (F1, appendix B.1).

    Args:
        input_shape: Shape of one example, such as `(28, 28)`; it is flattened.
        classes: Number of logits.
        hidden_layers: Number of Dense - BatchNormalization - ReLU blocks.
        units: Neurons in each of them.
    """
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input(input_shape), layers.Flatten()])
    for _ in range(hidden_layers):
        model.add(layers.Dense(units))
        model.add(layers.BatchNormalization(epsilon=BATCH_NORM_EPSILON))
        model.add(layers.Activation("relu"))
    model.add(layers.Dense(classes))
    return model


# The authors' Keras 1.0.8 used this default; Keras 3 has 1e-3.
BATCH_NORM_EPSILON = 1e-5

BUILDERS = {"fully_connected": fully_connected}


def options(builder: str) -> dict[str, type]:
    """Return the options that the builder called `builder` takes, with their types."""
    parameters = inspect.signature(BUILDERS[builder]).parameters.values()
    return {p.name: p.annotation for p in parameters if p.kind is p.KEYWORD_ONLY}


def for_dataset(network: dict, dataset):
    """Return the untrained model of a `networks` entry, fitting `dataset`."""
    input_shape = dataset.x_train.shape[1:]
    return build(network, input_shape=input_shape, classes=dataset.classes)


def build(network: dict, *, input_shape, classes):
    """Return the untrained model that a `networks` entry of the config describes.

    Args:
        network: `builder`, a name in `BUILDERS`, and its `options`.
        input_shape: Shape of one example.
        classes: Number of logits.

    Raises:
        ValueError: If the builder is unknown; the message lists the known ones.
    """
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
