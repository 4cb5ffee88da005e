import torch
import torch.nn.functional as F
from torch import nn


class Inner(nn.Module):
    """The Keras model inner.

    Takes x: (N, 3, 7, 6), channels first.
    Gives norm: (N, 4, 5, 5), channels first.
    """

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, kernel_size=(3, 2))
        self.norm = nn.BatchNorm2d(4, eps=0.001, momentum=0.01)

    def forward(self, x):
        x = F.relu(self.conv(x))
        x = self.norm(x)
        return x


class Model(nn.Module):
    """The Keras model functional.

    Takes a: (N, 3, 7, 6), channels first.
    Takes b: (N, 3, 7, 6), channels first.
    Gives conv2d: (N, 2, 4, 3), channels first.
    """

    def __init__(self):
        super().__init__()
        self.inner = Inner()
        self.conv2d = nn.Conv2d(8, 2, kernel_size=(2, 3))

    def forward(self, a, b):
        x = self.inner(a)
        branch = self.inner(b)
        x = torch.cat([x, branch], dim=1)
        x = self.conv2d(x)
        return x
