#pragma once

#include <string_view>

/// Optimizers of Keras that torch has not, or not with the same numbers, as classes for
/// training.py: text that black leaves as it is. Each names the Keras file that its formula is
/// from.
namespace tensorferry::torch::optimizer_classes {

inline constexpr std::string_view sgd = R"(class SGD(torch.optim.Optimizer):
    """SGD whose momentum holds the rate of each step (Keras: optimizers/sgd.py)."""

    def __init__(self, parameters, lr, momentum, nesterov=False):
        super().__init__(parameters, dict(lr=lr, momentum=momentum, nesterov=nesterov))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            lr, momentum = group["lr"], group["momentum"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state["momentum"] = torch.zeros_like(p)
                m = state["momentum"].mul_(momentum).sub_(p.grad, alpha=lr)
                p.add_(m * momentum - lr * p.grad if group["nesterov"] else m))";

inline constexpr std::string_view rmsprop = R"(class RMSprop(torch.optim.Optimizer):
    """RMSprop with epsilon within the root (Keras: optimizers/rmsprop.py)."""

    def __init__(self, parameters, lr, alpha, eps, momentum=0, centered=False):
        defaults = dict(
            lr=lr, alpha=alpha, eps=eps, momentum=momentum, centered=centered
        )
        super().__init__(parameters, defaults)

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                state, rho = self.state[p], group["alpha"]
                if not state:
                    for name in ("square_avg", "grad_avg", "momentum_buffer"):
                        state[name] = torch.zeros_like(p)
                square = (
                    state["square_avg"]
                    .mul_(rho)
                    .addcmul_(p.grad, p.grad, value=1 - rho)
                )
                if group["centered"]:
                    mean = state["grad_avg"].mul_(rho).add_(p.grad, alpha=1 - rho)
                    square = square - mean**2
                update = group["lr"] * p.grad / (square + group["eps"]).sqrt()
                p.sub_(state["momentum_buffer"].mul_(group["momentum"]).add_(update)))";

inline constexpr std::string_view adamax = R"(class Adamax(torch.optim.Optimizer):
    """Adamax with epsilon behind the norm (Keras: optimizers/adamax.py)."""

    def __init__(self, parameters, lr, betas, eps):
        super().__init__(parameters, dict(lr=lr, betas=betas, eps=eps))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state["step"] = 0
                    state["exp_avg"], state["exp_inf"] = torch.zeros_like(
                        p
                    ), torch.zeros_like(p)
                state["step"] += 1
                mean = state["exp_avg"].lerp_(p.grad, 1 - beta1)
                norm = state["exp_inf"] = torch.maximum(
                    beta2 * state["exp_inf"], p.grad.abs()
                )
                lr = group["lr"] / (1 - beta1 ** state["step"])
                p.addcdiv_(mean, norm + group["eps"], value=-lr))";

inline constexpr std::string_view nadam = R"(class Nadam(torch.optim.Optimizer):
    """Nadam (Keras: optimizers/nadam.py)."""

    def __init__(self, parameters, lr, betas, eps, momentum_decay=1):
        super().__init__(
            parameters, dict(lr=lr, betas=betas, eps=eps, momentum_decay=momentum_decay)
        )

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state["step"] = 0
                    state["exp_avg"], state["exp_avg_sq"] = torch.zeros_like(
                        p
                    ), torch.zeros_like(p)
                power = 0.96 ** group["momentum_decay"]
                if "mu_product" not in state:  # of the steps so far
                    state["mu_product"] = math.prod(
                        beta1 * (1 - 0.5 * power ** (k + 1))
                        for k in range(state["step"])
                    )
                state["step"] += 1
                mu = beta1 * (1 - 0.5 * power ** state["step"])
                mu_next = beta1 * (1 - 0.5 * power ** (state["step"] + 1))
                state["mu_product"] *= mu
                mean = state["exp_avg"].lerp_(p.grad, 1 - beta1)
                square = state["exp_avg_sq"].lerp_(p.grad**2, 1 - beta2)
                update = mu_next * mean / (1 - state["mu_product"] * mu_next)
                update += (1 - mu) * p.grad / (1 - state["mu_product"])
                root = (square / (1 - beta2 ** state["step"])).sqrt()
                p.addcdiv_(update, root + group["eps"], value=-group["lr"]))";

inline constexpr std::string_view ftrl = R"(class Ftrl(torch.optim.Optimizer):
    """Follow The Regularized Leader (Keras: optimizers/ftrl.py)."""

    def __init__(
        self,
        parameters,
        lr,
        lr_power,
        initial_accumulator_value,
        l1,
        l2,
        l2_shrinkage,
        beta,
    ):
        defaults = dict(
            lr=lr,
            lr_power=lr_power,
            initial_accumulator_value=initial_accumulator_value,
            l1=l1,
            l2=l2,
            l2_shrinkage=l2_shrinkage,
            beta=beta,
        )
        super().__init__(parameters, defaults)

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            lr, power, l1 = group["lr"], -group["lr_power"], group["l1"]
            l2 = group["l2"] + group["beta"] / (2 * lr)
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state["accumulator"] = torch.full_like(
                        p, group["initial_accumulator_value"]
                    )
                    state["linear"] = torch.zeros_like(p)
                old, linear = state["accumulator"], state["linear"]
                new = state["accumulator"] = old + p.grad**2
                linear.add_(
                    p.grad
                    + 2 * group["l2_shrinkage"] * p
                    - (new**power - old**power) / lr * p
                )
                p.copy_((linear.clamp(-l1, l1) - linear) / (new**power / lr + 2 * l2)))";

inline constexpr std::string_view lion = R"(class Lion(torch.optim.Optimizer):
    """Lion (Keras: optimizers/lion.py)."""

    def __init__(self, parameters, lr, betas):
        super().__init__(parameters, dict(lr=lr, betas=betas))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state["exp_avg"] = torch.zeros_like(p)
                mean = state["exp_avg"]
                p.sub_((mean * beta1 + p.grad * (1 - beta1)).sign(), alpha=group["lr"])
                mean.mul_(beta2).add_(p.grad, alpha=1 - beta2))";

inline constexpr std::string_view lamb = R"(class Lamb(torch.optim.Optimizer):
    """Lamb (Keras: optimizers/lamb.py)."""

    def __init__(self, parameters, lr, betas, eps):
        super().__init__(parameters, dict(lr=lr, betas=betas, eps=eps))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state["step"] = 0
                    state["exp_avg"], state["exp_avg_sq"] = torch.zeros_like(
                        p
                    ), torch.zeros_like(p)
                state["step"] += 1
                mean = state["exp_avg"].lerp_(p.grad, 1 - beta1) / (
                    1 - beta1 ** state["step"]
                )
                square = state["exp_avg_sq"].lerp_(p.grad**2, 1 - beta2) / (
                    1 - beta2 ** state["step"]
                )
                update = mean / (square.sqrt() + group["eps"])
                size, step_size = p.norm(), update.norm()
                ratio = size / step_size if size > 0 and step_size > 0 else 1
                p.sub_(ratio * group["lr"] * update))";

inline constexpr std::string_view schedule_free = R"(class ScheduleFreeAdamW(torch.optim.Optimizer):
    """Schedule-free AdamW (Keras: optimizers/schedule_free_adamw.py)."""

    def __init__(self, parameters, lr, betas, eps, warmup_steps):
        defaults = dict(lr=lr, betas=betas, eps=eps, warmup_steps=warmup_steps)
        super().__init__(parameters, defaults)

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state["step"] = 0
                    state["z"], state["exp_avg_sq"] = p.clone(), torch.zeros_like(p)
                state["step"] += 1
                warmup = min(1, state["step"] / max(1, group["warmup_steps"]))
                square = state["exp_avg_sq"].lerp_(p.grad**2, 1 - beta2)
                root = (square / (1 - beta2 ** state["step"])).sqrt() + group["eps"]
                z = state["z"].sub_(group["lr"] * warmup * p.grad / root)
                x = (p - (1 - beta1) * z) / beta1  # of the new z, as on TensorFlow
                x.lerp_(z, 1 / state["step"])
                p.copy_((1 - beta1) * z + beta1 * x))";

inline constexpr std::string_view adafactor = R"(class Adafactor(torch.optim.Optimizer):
    """Adafactor (Keras: optimizers/adafactor.py).

    `axes` of a group are those that are Keras's last and last but one.
    """

    def __init__(self, groups, lr, beta2_decay, eps, clip_threshold):
        defaults = dict(
            lr=lr, beta2_decay=beta2_decay, eps=eps, clip_threshold=clip_threshold
        )
        super().__init__(groups, defaults)

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            last, before = group["axes"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                step = state["step"] = state.get("step", 0) + 1
                share = step ** group["beta2_decay"]  # of the new square
                square = p.grad**2 + group["eps"][0]
                if p.dim() >= 2:
                    rows = share * square.mean(last, keepdim=True)
                    columns = share * square.mean(before, keepdim=True)
                    rows += (1 - share) * state.get("rows", 0)
                    columns += (1 - share) * state.get("columns", 0)
                    state["rows"], state["columns"] = rows, columns
                    square = rows / rows.mean(before, keepdim=True) * columns
                else:
                    square = share * square + (1 - share) * state.get("square", 0)
                    state["square"] = square
                update = p.grad / square.sqrt()
                size = update.square().mean().sqrt() / group["clip_threshold"]
                scale = p.square().mean().sqrt().clamp(min=group["eps"][1])
                rate = min(group["lr"], step**-0.5)
                p.sub_(scale * rate / size.clamp(min=1) * update))";

inline constexpr std::string_view muon = R"(class Muon(torch.optim.Optimizer):
    """Muon for matrices, AdamW for the others (Keras: optimizers/muon.py)."""

    def __init__(self, groups, **defaults):
        super().__init__(groups, defaults)

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            update = self.orthogonal if group["matrices"] else self.adam
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state["step"] = 0
                    state["momentum"] = torch.zeros_like(p)
                    state["velocity"] = torch.zeros_like(p)
                state["step"] += 1
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.sub_(group["lr"] * update(p.grad, state, group))

    def orthogonal(self, grad, state, group):
        a, b, c = group["coefficients"]
        m = state["momentum"].mul_(group["momentum"]).add_(grad)
        x = grad + group["momentum"] * m if group["nesterov"] else m
        is_tall = x.shape[0] > x.shape[1]
        x = x.T if is_tall else x
        x = x / (x.norm() + 1e-7)
        for _ in range(group["ns_steps"]):
            square = x @ x.T
            x = a * x + (b * square + c * square @ square) @ x
        x = x.T if is_tall else x
        rate = group["rms_rate"]
        return x if rate is None else x * max(x.shape) ** 0.5 * rate

    def adam(self, grad, state, group):
        beta1, beta2 = group["betas"]
        m = state["momentum"].lerp_(grad, 1 - beta1)
        v = state["velocity"].lerp_(grad**2, 1 - beta2)
        scale = (1 - beta2 ** state["step"]) ** 0.5 / (1 - beta1 ** state["step"])
        return group["adam_lr_ratio"] * scale * m / (v.sqrt() + group["eps"]))";

}  // namespace tensorferry::torch::optimizer_classes
