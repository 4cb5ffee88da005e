import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    """The Keras model net.

    Takes x: (N, 1, 13, 11), channels first.
    Gives dense_1: (N, 3).
    """

    def __init__(self):
        super().__init__()
        self.conv2d = nn.Conv2d(1, 4, kernel_size=(3, 2))
        self.max_pooling2d = nn.MaxPool2d(kernel_size=(2, 3))
        self.conv2d_1 = nn.Conv2d(4, 5, kernel_size=(2, 3))
        self.average_pooling2d = nn.AvgPool2d(
            kernel_size=2, ceil_mode=True, count_include_pad=False
        )
        self.dense = nn.Linear(30, 8)
        self.dropout = nn.Dropout(0.5)
        self.dense_1 = nn.Linear(8, 3)

    def forward(self, x):
        x = F.relu(self.conv2d(x))
        x = self.max_pooling2d(x)
        x = F.pad(x, (1, 1, 0, 1))
        x = F.relu(self.conv2d_1(x))
        x = self.average_pooling2d(x)
        x = torch.flatten(x, start_dim=1)
        x = F.relu(self.dense(x))
        x = self.dropout(x)
        x = F.softmax(self.dense_1(x), dim=1)
        return x
