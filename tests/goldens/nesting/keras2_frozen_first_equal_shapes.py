import torch
from torch import nn


class Inner(nn.Module):
    """The Keras model inner.

    Takes x: (N, 5).
    Gives fb: (N, 5).
    """

    def __init__(self):
        super().__init__()
        self.fa = nn.Linear(5, 5)
        self.fb = nn.Linear(5, 5)
        self.fa.requires_grad_(False)

    def forward(self, x):
        x = torch.tanh(self.fa(x))
        x = self.fb(x)
        return x


class Model(nn.Module):
    """The Keras model model.

    Takes x: (N, 5).
    Gives head: (N, 3).
    """

    def __init__(self):
        super().__init__()
        self.inner = Inner()
        self.head = nn.Linear(5, 3)

    def forward(self, x):
        x = self.inner(x)
        x = self.head(x)
        return x
