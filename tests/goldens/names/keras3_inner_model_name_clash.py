from collections import OrderedDict

from torch import nn


class Linear_2(nn.Sequential):
    """The Keras model linear.

    Takes x: (N, 5).
    Gives dense: (N, 4).
    """

    def __init__(self):
        super().__init__(OrderedDict([("dense", nn.Linear(5, 4))]))


class Linear_3(nn.Sequential):
    """The Keras model Linear.

    Takes x: (N, 4).
    Gives dense: (N, 4).
    """

    def __init__(self):
        super().__init__(OrderedDict([("dense", nn.Linear(4, 4))]))


class Linear(nn.Module):
    """The Keras model linear_.

    Takes x: (N, 5).
    Gives module: (N, 3).
    """

    def __init__(self):
        super().__init__()
        self.linear = Linear_2()
        self.Linear = Linear_3()
        self.module = nn.Linear(4, 3)

    def forward(self, x):
        x = self.linear(x)
        x = self.Linear(x)
        x = self.module(x)
        return x
