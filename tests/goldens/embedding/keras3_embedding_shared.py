import torch
from torch import nn


class Model(nn.Module):
    """The Keras model functional.

    Takes a: (N, 6).
    Takes b: (N, 5).
    Gives dense: (N, 3).
    """

    def __init__(self):
        super().__init__()
        self.tokens = nn.Embedding(11, 4)
        self.dense = nn.Linear(8, 3)

    def forward(self, a, b):
        x = self.tokens(a)
        branch = self.tokens(b)
        x = x.mean(dim=1)
        branch = branch.mean(dim=1)
        x = torch.cat([x, branch], dim=1)
        x = self.dense(x)
        return x
