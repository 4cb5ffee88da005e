import torch.nn.functional as F
from torch import nn


def pad_same(x, kernel_size, stride, dilation=None, value=0.0):
    """Pads the spatial axes as TensorFlow's "same" does, whatever their size."""
    pads = []
    for axis, size in enumerate(x.shape[2:]):
        reach = kernel_size[axis] - 1
        if dilation is not None:
            reach *= dilation[axis]
        steps = (size - 1) // stride[axis]
        total = max(steps * stride[axis] + reach + 1 - size, 0)
        pads = [total // 2, total - total // 2] + pads
    return F.pad(x, pads, value=value)


class Model(nn.Module):
    """The Keras model model.

    Takes x: (N, 3, H, W), channels first.
    Gives max_pooling2d: (N, 3, H, W), channels first.
    """

    def __init__(self):
        super().__init__()
        self.max_pooling2d = nn.MaxPool2d(kernel_size=(3, 2), stride=2)

    def forward(self, x):
        x = pad_same(x, (3, 2), (2, 2), value=float("-inf"))
        x = self.max_pooling2d(x)
        return x
