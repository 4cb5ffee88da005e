from torch import nn


class NotConverted(nn.Module):
    """Stands for a layer that could not be converted; it keeps that layer's weights."""

    def __init__(self, layer, **weights):
        super().__init__()
        self.layer = layer
        for name, value in weights.items():
            self.register_buffer(name, value)

    def forward(self, *inputs):
        raise NotImplementedError(self.layer)


class Model(nn.Module):
    """The Keras model model.

    Takes x: (N, 5).
    Gives twice: (N, C).
    """

    def __init__(self):
        super().__init__()
        self.dense = nn.Linear(5, 4)
        self.twice = NotConverted("layer twice (Lambda) was not converted")

    def forward(self, x):
        x = self.dense(x)
        x = self.twice(x)
        return x
