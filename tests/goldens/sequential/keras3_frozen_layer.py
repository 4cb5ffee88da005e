import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    """The Keras model net.

    Takes x: (N, 5).
    Gives free: (N, 3).
    """

    def __init__(self):
        super().__init__()
        self.frozen = nn.Linear(5, 6)
        self.free = nn.Linear(6, 3)
        self.frozen.requires_grad_(False)

    def forward(self, x):
        x = F.relu(self.frozen(x))
        x = self.free(x)
        return x
