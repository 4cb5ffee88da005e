import torch.nn.functional as F
from torch import nn


class Backbone(nn.Module):
    """The Keras model backbone.

    Takes x: (N, 3, 9, 8), channels first.
    Gives top: (N, 5, 4, 3), channels first.
    """

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(
            3, 4, kernel_size=(3, 2), stride=2, padding=(1, 0), bias=False
        )
        self.bn = nn.BatchNorm2d(4, eps=0.001, momentum=0.01)
        self.top = nn.Conv2d(4, 5, kernel_size=2)
        for layer in (self.stem, self.bn, self.top):
            layer.requires_grad_(False)
        self.train()

    def train(self, mode=True):
        super().train(mode)
        # Frozen: they keep their statistics, as in Keras.
        self.bn.eval()
        return self

    def forward(self, x):
        x = self.stem(x)
        x = F.relu(self.bn(x))
        x = self.top(x)
        return x


class Head(nn.Module):
    """The Keras model head.

    Takes x: (N, 5).
    Gives dense_1: (N, 3).
    """

    def __init__(self):
        super().__init__()
        self.dropout = nn.Dropout(0.2)
        self.dense = nn.Linear(5, 6)
        self.dense_1 = nn.Linear(6, 3)

    def forward(self, x):
        x = self.dropout(x)
        x = F.relu(self.dense(x))
        x = self.dense_1(x)
        return x


class Transfer(nn.Module):
    """The Keras model transfer.

    Takes x: (N, 3, 9, 8), channels first.
    Gives head: (N, 3).
    """

    def __init__(self):
        super().__init__()
        self.backbone = Backbone()
        self.head = Head()

    def forward(self, x):
        x = x * 0.5 - 0.5
        x = self.backbone(x)
        x = x.mean(dim=(2, 3))
        x = self.head(x)
        return x
