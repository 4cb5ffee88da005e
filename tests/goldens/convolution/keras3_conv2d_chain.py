import torch
import torch.nn.functional as F
from torch import nn


class Model(nn.Module):
    """The Keras model model.

    Takes x: (N, 3, 13, 10), channels first.
    Gives conv2d_2: (N, 2, 7, 5), channels first.
    """

    def __init__(self):
        super().__init__()
        self.conv2d = nn.Conv2d(3, 4, kernel_size=(3, 2), stride=2, padding=(1, 0))
        self.conv2d_1 = nn.Conv2d(4, 5, kernel_size=(2, 3))
        self.conv2d_2 = nn.Conv2d(5, 2, kernel_size=1)

    def forward(self, x):
        x = F.relu(self.conv2d(x))
        x = F.pad(x, (1, 1, 0, 1))
        x = torch.tanh(self.conv2d_1(x))
        x = self.conv2d_2(x)
        return x
