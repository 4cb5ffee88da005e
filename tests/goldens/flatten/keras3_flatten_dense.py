import torch
from torch import nn


class Model(nn.Module):
    """The Keras model model.

    Takes x: (N, 3, 6, 5), channels first.
    Gives dense: (N, 7).
    """

    def __init__(self):
        super().__init__()
        self.conv2d = nn.Conv2d(3, 4, kernel_size=(3, 2))
        self.dense = nn.Linear(64, 7)

    def forward(self, x):
        x = torch.tanh(self.conv2d(x))
        x = torch.flatten(x, start_dim=1)
        x = self.dense(x)
        return x
