"""Training runs of NumPy, PyTorch and Keras on the tutorials' data: the golden losses and weights of `linreg train`.

    python3 make_runs.py --out runs.json      writes them
    python3 make_runs.py --check runs.json    makes them again and compares

Every run uses all rows for each of its `epochs` updates. `loss` holds [epoch, loss before that epoch's update] for
the epochs 0..19, every 50th and the last (all of them in runs of up to 40); `final` is what all updates leave.
A run agrees with another if every loss and weight is within its `tol` (rtol, atol as a share of the first loss;
wtol as a share of the largest final weight).
"""

import json
import sys

import numpy as np
import torch

from common import check, numbers, one_per_line, options, plain, versions
from run_list import runs
from tutorials import DATASETS, PRINTED_START

TYPES = {"f32": torch.float32, "f64": torch.float64}
TOLERANCE = {"f32": {"rtol": 2e-4, "atol": 1e-6, "wtol": 2e-4}, "f64": {"rtol": 1e-9, "atol": 1e-12, "wtol": 1e-9}}
DEFAULTS = {
    "sgd": {"momentum": 0.0, "dampening": 0.0, "weight_decay": 0.0, "nesterov": False},
    "adam": {"betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.0, "amsgrad": False},
    "adamw": {"betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.01, "amsgrad": False},
    "rmsprop": {"alpha": 0.99, "eps": 1e-8, "weight_decay": 0.0, "momentum": 0.0, "centered": False},
    "adagrad": {"lr_decay": 0.0, "weight_decay": 0.0, "initial_accumulator_value": 0.0, "eps": 1e-10},
}
OPTIMIZERS = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW,
              "rmsprop": torch.optim.RMSprop, "adagrad": torch.optim.Adagrad}
SCHEDULERS = {"step": torch.optim.lr_scheduler.StepLR, "exponential": torch.optim.lr_scheduler.ExponentialLR,
              "cosine": torch.optim.lr_scheduler.CosineAnnealingLR}


def start_weights(kind, seed, k, p):
    """w and b of one of make_init.py's kinds, as arrays of its type."""
    if kind.startswith("numpy"):
        np.random.seed(seed)
        return np.random.randn(k, p), np.random.randn(k)
    torch.manual_seed(seed)
    dtype = TYPES[kind[-3:]]
    if kind.startswith("torch_randn"):
        return torch.randn(k, p, dtype=dtype).numpy(), torch.randn(k, dtype=dtype).numpy()
    layer = torch.nn.Linear(p, k, dtype=dtype)
    return layer.weight.detach().numpy().copy(), layer.bias.detach().numpy().copy()


def run(name, how, dtype, dataset, init, epochs, lr, optimizer="sgd", reduction="mean", scheduler=None, **changes):
    """One entry of the file. `init` is (kind, seed), or None for the start that a tutorial printed."""
    x, y = (np.array(part, "f4" if dtype == "f32" else "f8") for part in DATASETS[dataset])
    if init:
        w, b = start_weights(*init, y.shape[1], x.shape[1])
        source = {"kind": init[0], "seed": init[1]}
    else:
        w, b = (np.array(part, x.dtype) for part in PRINTED_START)
        source = {"kind": "given"}
    settings = {"lr": lr, **DEFAULTS[optimizer], **changes}
    entry = {
        "id": name, "engine": "numpy" if how == "numpy" else "torch", "how": "manual" if how == "numpy" else how,
        "dtype": dtype, "dataset": dataset, "init": {"w": plain(w), "b": plain(b), "source": source},
        "reduction": reduction, "optimizer": {"name": optimizer, **settings}, "scheduler": scheduler, "epochs": epochs,
    }
    if how == "numpy":
        losses, rates, w, b = numpy_loop(x, y, w, b, epochs, lr, init[0] == "numpy_randn_scalars")
    elif how == "manual":
        losses, rates, w, b = autograd_loop(x, y, w, b, epochs, lr)
    else:
        losses, rates, w, b = optim_loop(x, y, w, b, epochs, reduction, OPTIMIZERS[optimizer], settings, scheduler)
    if scheduler:
        entry["lr_used"] = [[e, rates[e]] for e in (0, 1, 2, epochs - 1)]
    return finish(entry, losses, w, b)


def finish(entry, losses, w, b, tolerance=None):
    """Adds what training gave to an entry."""
    epochs = entry["epochs"]
    kept = [e for e in range(epochs) if epochs <= 40 or e < 20 or e % 50 == 0 or e == epochs - 1]
    entry["loss"] = [[e, losses[e]] for e in kept]
    entry["final"] = {"w": plain(w), "b": plain(b), "loss": losses[epochs]}
    entry["tol"] = tolerance or TOLERANCE[entry["dtype"]]
    return entry


def numpy_loop(x, y, w, b, epochs, lr, scalars):
    """By hand. The tutorial with one feature takes means over rows; a matrix product differs in the last bits."""
    losses = []
    for epoch in range(epochs + 1):
        error = x @ w.T + b - y
        losses.append(plain((error**2).mean()))
        if epoch < epochs:
            if scalars:
                dw, db = 2 * (error * x).mean(), 2 * error.mean()
            else:
                dw, db = 2 / y.size * (error.T @ x), 2 / y.size * error.sum(axis=0)
            w, b = w - lr * dw, b - lr * db
    return losses, [lr] * epochs, w, b


def autograd_loop(x, y, w, b, epochs, lr):
    """The loop of the tutorials: gradients by autograd, updates by hand."""
    x, y = torch.tensor(x), torch.tensor(y)
    w, b = torch.tensor(w, requires_grad=True), torch.tensor(b, requires_grad=True)
    losses = []
    for epoch in range(epochs + 1):
        difference = x @ w.t() + b - y
        loss = torch.sum(difference * difference) / difference.numel()
        losses.append(plain(loss.detach().numpy()))
        if epoch < epochs:
            loss.backward()
            with torch.no_grad():
                w -= w.grad * lr
                b -= b.grad * lr
                w.grad.zero_()
                b.grad.zero_()
    return losses, [lr] * epochs, w.detach().numpy(), b.detach().numpy()


def optim_loop(x, y, w, b, epochs, reduction, optimizer, settings, scheduler):
    x, y = torch.tensor(x), torch.tensor(y)
    layer = torch.nn.Linear(x.shape[1], y.shape[1], dtype=x.dtype)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(w))
        layer.bias.copy_(torch.tensor(b))
    optimizer = optimizer(layer.parameters(), **settings)
    if scheduler:
        shape = {key: value for key, value in scheduler.items() if key != "name"}
        scheduler = SCHEDULERS[scheduler["name"]](optimizer, **shape)
    measure = torch.nn.MSELoss(reduction=reduction)
    losses, rates = [], []
    for epoch in range(epochs + 1):
        loss = measure(layer(x), y)
        losses.append(plain(loss.detach().numpy()))
        if epoch < epochs:
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if scheduler:
                scheduler.step()
    return losses, rates, layer.weight.detach().numpy(), layer.bias.detach().numpy()


def keras_entries():
    try:
        import keras_runs
    except ImportError:
        print("keras is not installed: its runs are left out", file=sys.stderr)
        return []
    return [finish(*keras_runs.run(*given, **named)) for given, named in keras_runs.runs()]


def within(made, item):
    """The tolerance written in the file, applied to every loss and every final weight."""
    tol, first = item["tol"], item["loss"][0][1]
    pairs = [(a, b) for (_, a), (_, b) in zip(made["loss"], item["loss"])]
    pairs.append((made["final"]["loss"], item["final"]["loss"]))
    if not all(abs(a - b) <= tol["rtol"] * abs(b) + tol["atol"] * first for a, b in pairs):
        return False
    ours, theirs = (numbers([r["final"]["w"], r["final"]["b"]]) for r in (made, item))
    return max(abs(a - b) for a, b in zip(ours, theirs)) <= tol["wtol"] * max(map(abs, theirs))


def same(made, item):
    """Settings, start, losses and final weights are equal; only the tolerance is not compared."""
    return json.loads(json.dumps({**made, "tol": None})) == {**item, "tol": None}


def main():
    torch.set_num_threads(1)
    chosen = options(__doc__.splitlines()[0])
    made = [run(*given, **named) for given, named in runs()] + keras_entries()
    head = {
        "made_with": versions("numpy", "torch", "keras", "tensorflow", "tensorflow-cpu"),
        "datasets": {name: {"X": x, "Y": y} for name, (x, y) in DATASETS.items()},
    }
    agreed = True
    if chosen.check:
        with open(chosen.check) as file:
            old = json.load(file)
        print("the file was made with %s, this with %s" % (old["made_with"], head["made_with"]))
        if any(old["datasets"].get(name) != data for name, data in head["datasets"].items()):
            sys.exit("the data differ")
        head = {**{key: value for key, value in old.items() if key != "runs"}, **head}
        existing = {item["id"]: item for item in old["runs"]}
        agreed = check({item["id"]: item for item in made}, existing,
                       lambda item: "%s %s %s" % (item["engine"], item["how"], item["dtype"]), same, within)
    if chosen.out:
        with open(chosen.out, "w") as file:
            file.write(one_per_line(head, "runs", made))
    sys.exit(0 if agreed else 1)


if __name__ == "__main__":
    main()
