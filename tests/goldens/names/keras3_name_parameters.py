import torch
from torch import nn


class Model(nn.Module):
    """The Keras model model.

    Takes x: (N, 5).
    Gives last: (N, 3).
    """

    def __init__(self):
        super().__init__()
        self.parameters_ = nn.Linear(5, 4)
        self.last = nn.Linear(4, 3)

    def forward(self, x):
        x = torch.tanh(self.parameters_(x))
        x = self.last(x)
        return x
