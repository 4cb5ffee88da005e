import torch
import torch.nn.functional as F
from torch import nn


class LayerScale(nn.Module):
    """x * gamma, one factor for each channel."""

    def __init__(self, *shape):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(shape))

    def forward(self, x):
        return x * self.gamma


class StochasticDepth(nn.Module):
    """Drops whole samples while training."""

    def __init__(self, rate):
        super().__init__()
        self.rate = rate

    def forward(self, x):
        ones = x.new_ones((x.shape[0],) + (1,) * (x.dim() - 1))
        return x * F.dropout(ones, self.rate, self.training)


class Model(nn.Module):
    """The Keras model functional.

    Takes x: (N, 4, 9, 8), channels first.
    Gives add: (N, 4, 9, 8), channels first.
    """

    def __init__(self):
        super().__init__()
        self.depthwise = nn.Conv2d(4, 4, kernel_size=7, padding=3, groups=4)
        self.norm = nn.LayerNorm(4, eps=1e-06)
        self.expand = nn.Linear(4, 8)
        self.project = nn.Linear(8, 4)
        self.scale = LayerScale(4)
        self.depth = StochasticDepth(0.1)

    def forward(self, x):
        residual = self.depthwise(x)
        residual = residual.permute(0, 2, 3, 1)
        residual = self.norm(residual)
        residual = F.gelu(self.expand(residual))
        residual = self.project(residual)
        residual = self.scale(residual)
        residual = self.depth(residual)
        residual = residual.permute(0, 3, 1, 2)
        x = x + residual
        return x
