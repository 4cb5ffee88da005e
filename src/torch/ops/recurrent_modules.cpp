#include "torch/ops/recurrent_modules.h"

namespace tensorferry::torch {

const Helper stepwise_lstm{"StepwiseLSTM",
                           R"(class StepwiseLSTM(nn.Module):
    """An LSTM with activations that nn.LSTM does not have."""

    def __init__(self, size, units, activation, recurrent_activation, bias=True):
        super().__init__()
        self.weight_ih = nn.Parameter(torch.zeros(4 * units, size))
        self.weight_hh = nn.Parameter(torch.zeros(4 * units, units))
        self.bias = nn.Parameter(torch.zeros(4 * units)) if bias else None
        self.units = units
        self.activation = activation
        self.recurrent_activation = recurrent_activation

    def forward(self, x, state=None):
        if state is None:
            h = c = x.new_zeros(x.shape[0], self.units)
        else:
            h, c = state[0][0], state[1][0]
        steps = []
        for gates in F.linear(x, self.weight_ih, self.bias).unbind(1):
            gates = gates + F.linear(h, self.weight_hh)
            i, f, g, o = gates.chunk(4, dim=1)
            i = self.recurrent_activation(i)
            f = self.recurrent_activation(f)
            o = self.recurrent_activation(o)
            c = f * c + i * self.activation(g)
            h = o * self.activation(c)
            steps.append(h)
        return torch.stack(steps, dim=1), (h.unsqueeze(0), c.unsqueeze(0))
)"};

const Helper stepwise_gru{"StepwiseGRU",
                          R"(class StepwiseGRU(nn.Module):
    """A GRU whose reset gate acts on the state before its matrix, unlike nn.GRU's."""

    def __init__(self, size, units, activation, recurrent_activation, bias=True):
        super().__init__()
        self.weight_ih = nn.Parameter(torch.zeros(3 * units, size))
        self.weight_hh = nn.Parameter(torch.zeros(3 * units, units))
        self.bias = nn.Parameter(torch.zeros(3 * units)) if bias else None
        self.units = units
        self.activation = activation
        self.recurrent_activation = recurrent_activation

    def forward(self, x, state=None):
        h = x.new_zeros(x.shape[0], self.units) if state is None else state[0]
        sizes = [2 * self.units, self.units]
        gate_weight, candidate_weight = self.weight_hh.split(sizes)
        steps = []
        for gates in F.linear(x, self.weight_ih, self.bias).unbind(1):
            gates, candidate = gates.split(sizes, dim=1)
            gates = gates + F.linear(h, gate_weight)
            z, r = gates.chunk(2, dim=1)
            z = self.recurrent_activation(z)
            r = self.recurrent_activation(r)
            candidate = self.activation(candidate + F.linear(r * h, candidate_weight))
            h = z * h + (1 - z) * candidate
            steps.append(h)
        return torch.stack(steps, dim=1), h.unsqueeze(0)
)"};

const Helper stepwise_gru_reset_after{"StepwiseGRUResetAfter",
                                      R"(class StepwiseGRUResetAfter(nn.Module):
    """A GRU with activations that nn.GRU does not have."""

    def __init__(self, size, units, activation, recurrent_activation, bias=True):
        super().__init__()
        self.weight_ih = nn.Parameter(torch.zeros(3 * units, size))
        self.weight_hh = nn.Parameter(torch.zeros(3 * units, units))
        self.bias_ih = nn.Parameter(torch.zeros(3 * units)) if bias else None
        self.bias_hh = nn.Parameter(torch.zeros(3 * units)) if bias else None
        self.units = units
        self.activation = activation
        self.recurrent_activation = recurrent_activation

    def forward(self, x, state=None):
        h = x.new_zeros(x.shape[0], self.units) if state is None else state[0]
        steps = []
        for gates in F.linear(x, self.weight_ih, self.bias_ih).unbind(1):
            z, r, candidate = gates.chunk(3, dim=1)
            past = F.linear(h, self.weight_hh, self.bias_hh)
            past_z, past_r, past_candidate = past.chunk(3, dim=1)
            z = self.recurrent_activation(z + past_z)
            r = self.recurrent_activation(r + past_r)
            candidate = self.activation(candidate + r * past_candidate)
            h = z * h + (1 - z) * candidate
            steps.append(h)
        return torch.stack(steps, dim=1), h.unsqueeze(0)
)"};

const Helper stepwise_rnn{"StepwiseRNN",
                          R"(class StepwiseRNN(nn.Module):
    """A plain recurrent layer with an activation that nn.RNN does not have."""

    def __init__(self, size, units, activation, bias=True):
        super().__init__()
        self.weight_ih = nn.Parameter(torch.zeros(units, size))
        self.weight_hh = nn.Parameter(torch.zeros(units, units))
        self.bias = nn.Parameter(torch.zeros(units)) if bias else None
        self.units = units
        self.activation = activation

    def forward(self, x, state=None):
        h = x.new_zeros(x.shape[0], self.units) if state is None else state[0]
        steps = []
        for step in F.linear(x, self.weight_ih, self.bias).unbind(1):
            h = self.activation(step + F.linear(h, self.weight_hh))
            steps.append(h)
        return torch.stack(steps, dim=1), h.unsqueeze(0)
)"};

const Helper bidirectional_module{"Bidirectional",
                                  R"(class Bidirectional(nn.Module):
    """Two recurrent layers, the second of which reads the sequence from its end."""

    def __init__(self, forward_layer, backward_layer):
        super().__init__()
        self.forward_layer = forward_layer
        self.backward_layer = backward_layer

    def forward(self, x, state=None):
        first = second = None
        if isinstance(state, tuple):
            first, second = zip(*(part.split(1) for part in state))
        elif state is not None:
            first, second = state.split(1)
        y, first = self.forward_layer(x, first)
        z, second = self.backward_layer(x.flip(1), second)
        y = torch.cat([y, z.flip(1)], dim=2)
        if isinstance(first, tuple):
            return y, tuple(torch.cat(pair) for pair in zip(first, second))
        return y, torch.cat([first, second])
)"};

const Helper select_by_mask{"select",
                            R"(def select(on, new, old):
    """The new values where the mask is on, else the old ones: zero at first."""
    if isinstance(new, tuple):
        return tuple(select(on, *pair) for pair in zip(new, old or (None, None)))
    return torch.where(on, new, torch.zeros_like(new) if old is None else old)
)"};

const Helper masked_module{"Masked",
                           R"(class Masked(nn.Module):
    """A recurrent layer whose state and output stay as they are where the mask is off."""

    def __init__(self, layer, zero_output=False):
        super().__init__()
        self.layer = layer
        self.zero_output = zero_output

    def forward(self, x, mask, state=None):
        y = None
        steps = []
        for step, on in zip(x.split(1, dim=1), mask.split(1, dim=1)):
            new_y, new_state = self.layer(step, state)
            y = select(on.unsqueeze(2), new_y, None if self.zero_output else y)
            state = select(on, new_state, state)
            steps.append(y)
        return torch.cat(steps, dim=1), state
)",
                           {&select_by_mask}};

const Helper masked_bidirectional_module{"MaskedBidirectional",
                                         R"(class MaskedBidirectional(nn.Module):
    """Two masked layers, the second of which reads the sequence from its end."""

    def __init__(self, forward_layer, backward_layer):
        super().__init__()
        self.forward_layer = forward_layer
        self.backward_layer = backward_layer

    def forward(self, x, mask, state=None):
        first, second = self.split(state)
        y, first = self.forward_layer(x, mask, first)
        z, second = self.backward_layer(x.flip(1), mask.flip(1), second)
        y = torch.cat([y, z.flip(1)], dim=2)
        if isinstance(first, tuple):
            return y, tuple(torch.cat(pair) for pair in zip(first, second))
        return y, torch.cat([first, second])

    def split(self, state):
        """That of each layer."""
        if state is None:
            return None, None
        if isinstance(state, tuple):
            return tuple(zip(*(part.split(1) for part in state)))
        return state.split(1)
)"};

}  // namespace tensorferry::torch
