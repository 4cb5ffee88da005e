from torch import nn


class Model(nn.Module):
    """The Keras model functional.

    Takes x: (N, 4, 5, 3), channels first.
    Gives free: (N, 3, 3, 2), channels first.
    """

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 3, kernel_size=(3, 2))
        self.frozen = nn.BatchNorm2d(3, eps=0.001, momentum=0.01)
        self.free = nn.BatchNorm2d(3, eps=0.001, momentum=0.01)
        for layer in (self.conv, self.frozen):
            layer.requires_grad_(False)
        self.train()

    def train(self, mode=True):
        super().train(mode)
        # Frozen: they keep their statistics, as in Keras.
        self.frozen.eval()
        return self

    def forward(self, x):
        x = self.conv(x)
        x = self.frozen(x)
        x = self.free(x)
        return x
