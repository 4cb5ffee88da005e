from torch import nn


class Model(nn.Module):
    """The Keras model model.

    Takes x: (N, 3, 9, 7), channels first.
    Gives average_pooling2d: (N, 3, 9, 3), channels first.
    """

    def __init__(self):
        super().__init__()
        self.average_pooling2d = nn.AvgPool2d(
            kernel_size=(3, 2),
            stride=(1, 3),
            padding=(1, 0),
            ceil_mode=True,
            count_include_pad=False,
        )

    def forward(self, x):
        x = self.average_pooling2d(x)
        return x
