from torch import nn


class XImportOsRaiseSystemExit2(nn.Module):
    """The Keras model ?x????import os?raise SystemExit(2)??.

    Takes layer_____import_os____: (N, 5).
    Takes back_N_x__: (N, 5).
    Gives line one?raise SystemExit(1): (N, 3).
    Gives back?slash?: (N, 3).
    """

    def __init__(self):
        super().__init__()
        self.line_one_raise_SystemExit_1_ = nn.Linear(5, 3)
        self.back_slash_ = nn.Linear(5, 3)

    def forward(self, layer_____import_os____, back_N_x__):
        x = layer_____import_os____ + back_N_x__
        line_one_raise_SystemExit_1_ = self.line_one_raise_SystemExit_1_(x)
        x = self.back_slash_(x)
        return line_one_raise_SystemExit_1_, x
