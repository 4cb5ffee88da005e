import torch
from torch import nn


class Model(nn.Module):
    """The Keras model functional.

    Takes x: (N, 3, 6, 5), channels first.
    Takes v: (N, 64).
    Gives shared: (N, 7).
    Gives shared: (N, 7).
    """

    def __init__(self):
        super().__init__()
        self.conv2d = nn.Conv2d(3, 4, kernel_size=(3, 2))
        self.shared = nn.Linear(64, 7)

    def forward(self, x, v):
        shared = self.conv2d(x)
        shared = shared.permute(0, 2, 3, 1)
        shared = torch.flatten(shared, start_dim=1)
        shared = self.shared(shared)
        shared_2 = self.shared(v)
        return shared, shared_2
