import torch
from torch import nn


class Model(nn.Module):
    """The Keras model model.

    Takes x: (N, 3, 7, 6), channels first.
    Gives d: (N, 3).
    """

    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 4, kernel_size=(3, 2), stride=2, padding=(1, 0))
        self.b = nn.BatchNorm2d(4, eps=0.001, momentum=0.01)
        self.d = nn.Linear(48, 3)
        self.to(torch.float16)

    def forward(self, x):
        x = self.a(x)
        x = self.b(x)
        x = torch.flatten(x, start_dim=1)
        x = self.d(x)
        return x
