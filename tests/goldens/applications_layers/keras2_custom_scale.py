import torch.nn.functional as F
from torch import nn


class Model(nn.Module):
    """The Keras model model.

    Takes x: (N, 3, 7, 6), channels first.
    Gives activation: (N, 3, 7, 6), channels first.
    """

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, kernel_size=(3, 2))

    def forward(self, x):
        residual = F.pad(x, (0, 1, 1, 1))
        residual = self.conv(residual)
        residual = residual * 0.17
        x = F.relu(x + residual)
        return x
