import torch
from torch import nn


class Model(nn.Module):
    """The Keras model model.

    Takes x: (N, 5).
    Gives a_: (N, 5).
    """

    def __init__(self):
        super().__init__()
        self.a = nn.Linear(5, 5)
        self.a_2 = nn.Linear(5, 5)
        self.a_ = nn.Linear(5, 5)
        self.a__2 = nn.Linear(5, 5)

    def forward(self, x):
        x = torch.tanh(self.a(x))
        x = torch.tanh(self.a_2(x))
        x = torch.tanh(self.a_(x))
        x = torch.tanh(self.a__2(x))
        return x
