import torch.nn.functional as F
from torch import nn


class Model(nn.Module):
    """The Keras model functional.

    Takes vector: (N, 4).
    Takes image: (N, 4, 5, 3), channels first.
    Gives dense: (N, 3).
    Gives conv2d: (N, 2, 3, 2), channels first.
    """

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(4, eps=0.001, momentum=0.01)
        self.dense = nn.Linear(4, 3)
        self.conv2d = nn.Conv2d(4, 2, kernel_size=(3, 2))

    def forward(self, vector, image):
        x = F.batch_norm(
            vector,
            self.norm.running_mean,
            self.norm.running_var,
            self.norm.weight,
            self.norm.bias,
            training=self.norm.training,
            momentum=self.norm.momentum,
            eps=self.norm.eps,
        )
        conv2d = F.batch_norm(
            image,
            self.norm.running_mean,
            self.norm.running_var,
            self.norm.weight,
            self.norm.bias,
            training=self.norm.training,
            momentum=self.norm.momentum,
            eps=self.norm.eps,
        )
        x = self.dense(x)
        conv2d = self.conv2d(conv2d)
        return x, conv2d
