from collections import OrderedDict

from torch import nn


class Net(nn.Sequential):
    """The Keras model net.

    Takes x: (N, 3, 9, 7), channels first.
    Gives dense: (N, 3).
    """

    def __init__(self):
        super().__init__(
            OrderedDict(
                [
                    ("conv2d", nn.Conv2d(3, 4, kernel_size=(3, 2))),
                    ("re_lu", nn.ReLU()),
                    ("max_pooling2d", nn.MaxPool2d(kernel_size=2)),
                    (
                        "batch_normalization",
                        nn.BatchNorm2d(4, eps=0.001, momentum=0.01),
                    ),
                    ("flatten", nn.Flatten()),
                    ("dropout", nn.Dropout(0.3)),
                    ("dense", nn.Linear(36, 3)),
                ]
            )
        )
