import torch
import torch.nn.functional as F
from torch import nn


class Model(nn.Module):
    """The Keras model functional.

    Takes x: (N, 4, 9, 8), channels first.
    Gives excite: (N, 4, 9, 8), channels first.
    """

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 4, kernel_size=(3, 2))
        self.reduce = nn.Conv2d(4, 2, kernel_size=1)
        self.expand = nn.Conv2d(2, 4, kernel_size=1)

    def forward(self, x):
        x = F.pad(x, (0, 1, 1, 1))
        x = F.silu(self.conv(x))
        scale = x.mean(dim=(2, 3))
        scale = scale.reshape(-1, 4, 1, 1)
        scale = F.silu(self.reduce(scale))
        scale = torch.sigmoid(self.expand(scale))
        x = x * scale
        return x
