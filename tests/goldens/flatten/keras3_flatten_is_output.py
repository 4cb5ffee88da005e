import torch
from torch import nn


class Model(nn.Module):
    """The Keras model model.

    Takes x: (N, 3, 6, 5), channels first.
    Gives flatten: (N, 64).
    """

    def __init__(self):
        super().__init__()
        self.conv2d = nn.Conv2d(3, 4, kernel_size=(3, 2))

    def forward(self, x):
        x = torch.tanh(self.conv2d(x))
        x = x.permute(0, 2, 3, 1)
        x = torch.flatten(x, start_dim=1)
        return x
