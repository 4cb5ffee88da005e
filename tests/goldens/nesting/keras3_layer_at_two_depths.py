import torch
import torch.nn.functional as F
from torch import nn


class Inner(nn.Module):
    """The Keras model inner.

    Takes x: (N, 5).
    Gives re_lu: (N, 5).
    """

    def __init__(self):
        super().__init__()
        self.shared = nn.Linear(5, 5)

    def forward(self, x):
        x = torch.tanh(self.shared(x))
        x = F.relu(x)
        return x


class Model(nn.Module):
    """The Keras model functional.

    Takes x: (N, 5).
    Gives add: (N, 5).
    """

    def __init__(self):
        super().__init__()
        self.inner = Inner()
        self.shared = nn.Linear(5, 5)

    def forward(self, x):
        residual = self.inner(x)
        x = torch.tanh(self.shared(x))
        x = residual + x
        return x
