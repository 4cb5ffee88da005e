import torch
from torch import nn


class Model(nn.Module):
    """The Keras model model.

    Takes x: (N, 5).
    Gives a b: (N, 5).
    """

    def __init__(self):
        super().__init__()
        self.a_b = nn.Linear(5, 5)
        self.a_b_2 = nn.Linear(5, 5)
        self.a_b_3 = nn.Linear(5, 5)
        self.a_b_4 = nn.Linear(5, 5)

    def forward(self, x):
        x = torch.tanh(self.a_b(x))
        x = torch.tanh(self.a_b_2(x))
        x = torch.tanh(self.a_b_3(x))
        x = torch.tanh(self.a_b_4(x))
        return x
