import torch.nn.functional as F
from torch import nn


class Model(nn.Module):
    """The Keras model functional.

    Takes x: (N, 3, 9, 8), channels first.
    Gives project: (N, 4, 4, 4), channels first.
    """

    def __init__(self):
        super().__init__()
        self.expand = nn.Conv2d(3, 6, kernel_size=1, bias=False)
        self.bn = nn.BatchNorm2d(6, eps=0.001, momentum=0.01)
        self.depthwise = nn.Conv2d(6, 6, kernel_size=3, stride=2, groups=6, bias=False)
        self.project = nn.Conv2d(6, 4, kernel_size=1)

    def forward(self, x):
        x = self.expand(x)
        x = F.relu6(self.bn(x))
        x = F.pad(x, (0, 1, 0, 1))
        x = self.depthwise(x)
        x = self.project(x)
        return x
