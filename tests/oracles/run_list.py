"""Which runs `make_runs.py` makes: the tutorials' own, then each optimizer and schedule on each data set."""

SIZE_AVERAGE_FALSE = "linear-size_average-false"  # what torch.nn.MSELoss called reduction="sum" at first


def runs():
    """Yields (positional, named) arguments of `make_runs.run`."""
    yield from numpy_runs()
    for dtype in ("f32", "f64"):
        yield from torch_tutorials(dtype)
    for dataset in ("dummy", "crops", "fruits", "line"):
        yield from grid(dataset, "f64", 200 if dataset in ("dummy", "crops") else 300, every_setting(dataset))
    for dataset in ("fruits", "line"):
        yield from grid(dataset, "f32", 200, few_settings(dataset))
    for name, settings in (("mom", {"lr": 1e-6, "momentum": 0.9}), ("adam", {"lr": 0.05, "optimizer": "adam"})):
        yield ("crops-f64-sum-" + name, "optim", "f64", "crops", ("torch_randn_f64", 5), 200), {
            **settings, "reduction": "sum"}


def numpy_runs():
    yield ("dummy-tutorial-numpy", "numpy", "f64", "dummy", ("numpy_randn_scalars", 2), 15, 1e-3), {}
    for seed in (0, 1, 42):
        yield ("dummy-numpy-s%d" % seed, "numpy", "f64", "dummy", ("numpy_randn_scalars", seed), 100, 1e-3), {}
    for dataset, epochs, lr in (("crops", 200, 1e-5), ("fruits", 500, 1e-5), ("line", 500, 0.01)):
        for seed in (0, 7):
            yield ("%s-numpy-s%d" % (dataset, seed), "numpy", "f64", dataset, ("numpy_randn", seed), epochs, lr), {}


def torch_tutorials(dtype):
    randn, linear = "torch_randn_" + dtype, "torch_linear_" + dtype
    for dataset, epochs, seeds in (("fruits", 5000, (0, 1)), ("crops", 1000, (0, 42))):
        for seed in seeds:
            name = "%s-tutorial-torch-%s-s%d" % (dataset, dtype, seed)
            yield (name, "manual", dtype, dataset, (randn, seed), epochs, 1e-5), {}
    yield ("crops-printed-start-" + dtype, "manual", dtype, "crops", None, 1000, 1e-5), {}
    for seed in (0, 1, 2):
        name = "line-tutorial-torch-sum-%s-s%d" % (dtype, seed)
        yield (name, SIZE_AVERAGE_FALSE, dtype, "line", (linear, seed), 500, 0.01), {"reduction": "sum"}
    for seed in (0, 1):
        yield ("line-torch-mean-%s-s%d" % (dtype, seed), "optim", dtype, "line", (linear, seed), 500, 0.01), {}


def grid(dataset, dtype, epochs, settings):
    kind = "torch_linear_" if dataset in ("dummy", "line") else "torch_randn_"
    for name, choice in settings:
        steps = choice.pop("epochs", epochs)
        yield ("%s-%s-%s" % (dataset, dtype, name), "optim", dtype, dataset, (kind + dtype, 3), steps), choice


def every_setting(dataset):
    """(name, arguments): rates that are stable on this data set."""
    plain = {"dummy": 1e-3, "line": 1e-2}.get(dataset, 1e-5)
    heavy = 5e-4 if dataset == "dummy" else plain  # with momentum
    adaptive, adagrad = (0.1, 1.0) if dataset == "dummy" else (0.05, 0.5)
    # RMSprop ends in an oscillation in which the last bits decide the loss: its runs stop before.
    short, shorter = {"dummy": (200, 150), "crops": (150, 50), "fruits": (150, 35), "line": (300, 300)}[dataset]
    epochs = 200 if dataset in ("dummy", "crops") else 300
    adam, rmsprop = {"lr": adaptive, "optimizer": "adam"}, {"optimizer": "rmsprop"}
    return [
        ("sgd", {"lr": plain}),
        ("sgd-mom", {"lr": heavy, "momentum": 0.9}),
        ("sgd-nesterov", {"lr": heavy, "momentum": 0.9, "nesterov": True}),
        ("sgd-damp", {"lr": heavy, "momentum": 0.9, "dampening": 0.5}),
        ("sgd-wd", {"lr": plain, "weight_decay": 0.1}),
        ("sgd-mom-wd-nesterov", {"lr": heavy, "momentum": 0.8, "weight_decay": 0.05, "nesterov": True}),
        ("adam", {**adam}),
        ("adam-wd", {**adam, "weight_decay": 0.05}),
        ("adam-amsgrad", {**adam, "amsgrad": True, "betas": (0.8, 0.95)}),
        ("adamw", {"lr": adaptive, "optimizer": "adamw", "weight_decay": 0.05}),
        ("rmsprop", {"lr": adaptive, **rmsprop, "epochs": short}),
        ("rmsprop-centered-mom", {"lr": adaptive / 4, **rmsprop, "alpha": 0.9, "momentum": 0.5, "centered": True,
                                  "epochs": shorter}),
        ("adagrad", {"lr": adagrad, "optimizer": "adagrad"}),
        ("adagrad-decay", {"lr": adagrad, "optimizer": "adagrad", "lr_decay": 0.01, "weight_decay": 0.01,
                           "initial_accumulator_value": 0.1}),
        ("sgd-step", {"lr": plain, "scheduler": step(30, 0.5)}),
        ("sgd-exp", {"lr": plain, "scheduler": {"name": "exponential", "gamma": 0.99}}),
        ("sgd-cosine", {"lr": plain, "scheduler": cosine(epochs, 0.0)}),
        ("sgd-mom-cosine-short", {"lr": heavy, "momentum": 0.9, "scheduler": cosine(60, plain * 0.01)}),
        ("adam-step", {**adam, "scheduler": step(50, 0.3)}),
        ("adam-cosine", {**adam, "scheduler": cosine(epochs, adaptive * 0.001)}),
    ]


def few_settings(dataset):
    wanted = ("sgd-mom", "sgd-nesterov", "sgd-wd", "adam", "adamw", "rmsprop", "adagrad")
    settings = {name: choice for name, choice in every_setting(dataset)}
    if dataset == "line":
        settings["rmsprop"]["epochs"] = 200
    return [(name, settings[name]) for name in wanted] + [
        ("sgd-cosine", {"lr": settings["sgd"]["lr"], "scheduler": cosine(200, 0.0)})]


def step(size, gamma):
    return {"name": "step", "step_size": size, "gamma": gamma}


def cosine(t_max, eta_min):
    return {"name": "cosine", "T_max": t_max, "eta_min": eta_min}
