import torch
from torch import nn


class Model(nn.Module):
    """The Keras model functional.

    Takes image: (N, 3, 7, 6), channels first.
    Takes vector: (N, 5).
    Takes sequence: (N, 4, 8), channels first.
    Gives left: (N, 2).
    Gives right: (N, 3).
    """

    def __init__(self):
        super().__init__()
        self.conv2d = nn.Conv2d(3, 4, kernel_size=(3, 2))
        self.conv1d = nn.Conv1d(4, 4, kernel_size=3)
        self.dense = nn.Linear(5, 4)
        self.left = nn.Linear(12, 2)
        self.right = nn.Linear(4, 3)

    def forward(self, image, vector, sequence):
        x = self.conv2d(image)
        y = self.conv1d(sequence)
        x = x.mean(dim=(2, 3))
        y_2 = torch.tanh(self.dense(vector))
        y = y.amax(dim=2)
        left = torch.cat([x, y_2, y], dim=1)
        x = x + y_2 + y
        left = self.left(left)
        x = self.right(x)
        return left, x
