import torch
from torch import nn


class Model(nn.Module):
    """The Keras model model.

    Takes x: (N, 5).
    Gives len: (N, 5).
    """

    def __init__(self):
        super().__init__()
        self.a_b = nn.Linear(5, 5)
        self.in_ = nn.Linear(5, 5)
        self.layer_1x = nn.Linear(5, 5)
        self.forward_ = nn.Linear(5, 5)
        self.training_ = nn.Linear(5, 5)
        self.layer___x = nn.Linear(5, 5)
        self.type_ = nn.Linear(5, 5)
        self.layer___import_os__ = nn.Linear(5, 5)
        self._ = nn.Linear(5, 5)
        self.quote__and___end = nn.Linear(5, 5)
        self.line_one_raise_SystemExit_1_ = nn.Linear(5, 5)
        self.layer_____import_os____ = nn.Linear(5, 5)
        self.back_slash_ = nn.Linear(5, 5)
        self._fmt____x____s = nn.Linear(5, 5)
        self.nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn = nn.Linear(
            5, 5
        )
        self.layer___two__spaces_ = nn.Linear(5, 5)
        self.self = nn.Linear(5, 5)
        self.torch = nn.Linear(5, 5)
        self.F = nn.Linear(5, 5)
        self.nn = nn.Linear(5, 5)
        self.None_ = nn.Linear(5, 5)
        self.match = nn.Linear(5, 5)
        self.parameters_ = nn.Linear(5, 5)
        self._parameters_ = nn.Linear(5, 5)
        self.append_ = nn.Linear(5, 5)
        self.layer___2 = nn.Linear(5, 5)
        self.Dense = nn.Linear(5, 5)
        self.x_y = nn.Linear(5, 5)
        self.layer___3 = nn.Linear(5, 5)
        self.super = nn.Linear(5, 5)
        self.len = nn.Linear(5, 5)

    def forward(self, x):
        x = torch.tanh(self.a_b(x))
        x = torch.tanh(self.in_(x))
        x = torch.tanh(self.layer_1x(x))
        x = torch.tanh(self.forward_(x))
        x = torch.tanh(self.training_(x))
        x = torch.tanh(self.layer___x(x))
        x = torch.tanh(self.type_(x))
        x = torch.tanh(self.layer___import_os__(x))
        x = torch.tanh(self._(x))
        x = torch.tanh(self.quote__and___end(x))
        x = torch.tanh(self.line_one_raise_SystemExit_1_(x))
        x = torch.tanh(self.layer_____import_os____(x))
        x = torch.tanh(self.back_slash_(x))
        x = torch.tanh(self._fmt____x____s(x))
        x = self.nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn(
            x
        )
        x = torch.tanh(x)
        x = torch.tanh(self.layer___two__spaces_(x))
        x = torch.tanh(self.self(x))
        x = torch.tanh(self.torch(x))
        x = torch.tanh(self.F(x))
        x = torch.tanh(self.nn(x))
        x = torch.tanh(self.None_(x))
        x = torch.tanh(self.match(x))
        x = torch.tanh(self.parameters_(x))
        x = torch.tanh(self._parameters_(x))
        x = torch.tanh(self.append_(x))
        x = torch.tanh(self.layer___2(x))
        x = torch.tanh(self.Dense(x))
        x = torch.tanh(self.x_y(x))
        x = torch.tanh(self.layer___3(x))
        x = torch.tanh(self.super(x))
        x = torch.tanh(self.len(x))
        return x
