import torch
import torch.nn.functional as F
from torch import nn


class Model(nn.Module):
    """The Keras model functional.

    Takes x: (N, 3, 6, 5), channels first.
    Takes v: (N, 5).
    Takes z: (N, 2, 4, 7), channels first.
    Gives dense_1: (N, 7).
    """

    def __init__(self):
        super().__init__()
        self.conv2d = nn.Conv2d(3, 4, kernel_size=(3, 2))
        self.conv2d_1 = nn.Conv2d(2, 3, kernel_size=(2, 3))
        self.dense = nn.Linear(5, 5)
        self.dense_1 = nn.Linear(114, 7)

    def forward(self, x, v, z):
        branch = self.conv2d(x)
        branch_2 = self.conv2d_1(z)
        branch = torch.flatten(branch, start_dim=1)
        branch_3 = F.relu(self.dense(v))
        branch_2 = torch.flatten(branch_2, start_dim=1)
        branch = torch.cat([branch, branch_3, branch_2], dim=1)
        branch = self.dense_1(branch)
        return branch
