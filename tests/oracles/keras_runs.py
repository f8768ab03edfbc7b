"""The runs of Keras that `make_runs.py` adds where Keras (with TensorFlow behind it) is installed."""

import os

import numpy as np

from common import plain
from tutorials import DATASETS

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras

DEFAULTS = {
    "sgd": {"momentum": 0.0, "nesterov": False, "weight_decay": 0.0},
    "adam": {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7, "weight_decay": 0.0},
    "adamw": {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7, "weight_decay": 0.05},
    "adagrad": {"initial_accumulator_value": 0.1, "epsilon": 1e-7, "weight_decay": 0.0},
    "rmsprop": {"rho": 0.9, "momentum": 0.0, "epsilon": 1e-7, "centered": False, "weight_decay": 0.0},
}
OPTIMIZERS = {"sgd": keras.optimizers.SGD, "adam": keras.optimizers.Adam, "adamw": keras.optimizers.AdamW,
              "adagrad": keras.optimizers.Adagrad, "rmsprop": keras.optimizers.RMSprop}


def runs():
    """Yields (positional, named) arguments of `run`."""
    for seed in (0, 1, 2):
        yield ("line-tutorial-keras-sgd-s%d" % seed, "fit('sgd')", "f32", "line", seed, 500, 0.01), {}
    yield ("line-keras-sgd-f64", "fit", "f64", "line", 0, 500, 0.01), {}
    yield ("dummy-keras-sgd-f32", "fit", "f32", "dummy", 2, 100, 0.001), {}
    for dtype in ("f32", "f64"):
        for dataset, epochs in (("crops", 200), ("fruits", 500)):
            name = "%s-keras-sgd-%s" % (dataset, dtype)
            yield (name, "train_on_batch", dtype, dataset, 4, epochs, 1e-5), {}
    for name, epochs, lr, changes in (
        ("mom", 200, 1e-5, {"momentum": 0.9}),
        ("nesterov", 200, 1e-5, {"momentum": 0.9, "nesterov": True}),
        ("wd", 200, 1e-5, {"weight_decay": 0.1}),
        ("adam", 200, 0.05, {"optimizer": "adam"}),
        ("adamw", 200, 0.05, {"optimizer": "adamw"}),
        ("adagrad", 200, 0.5, {"optimizer": "adagrad"}),
        ("rmsprop", 40, 0.01, {"optimizer": "rmsprop"}),
        ("rmsprop-cm", 40, 0.005, {"optimizer": "rmsprop", "momentum": 0.5, "centered": True}),
    ):
        yield ("fruits-keras-f64-" + name, "train_on_batch", "f64", "fruits", 6, epochs, lr), changes
    yield ("line-keras-f32-adam-default", "fit('sgd')", "f32", "line", 6, 200, 0.001), {"optimizer": "adam"}


# In f64 Keras rounds momentum, decay and betas to f32 first: who computes with the exact ones ends this far away.
ROUNDED = {"rtol": 5e-4, "atol": 1e-7, "wtol": 1e-4}


def run(name, how, dtype, dataset, seed, epochs, lr, optimizer="sgd", **changes):
    """What `make_runs.finish` takes: the entry as known before training, losses of epochs 0 .. epochs, w, b, tol."""
    keras.config.set_floatx("float32" if dtype == "f32" else "float64")
    keras.config.set_dtype_policy(keras.config.floatx())
    x, y = (np.array(part, "f4" if dtype == "f32" else "f8") for part in DATASETS[dataset])
    keras.utils.set_random_seed(seed)
    layer = keras.layers.Dense(y.shape[1])
    model = keras.Sequential([keras.Input((x.shape[1],)), layer])
    w, b = layer.get_weights()
    settings = {"lr": lr, **DEFAULTS[optimizer], **changes}
    source = {"kind": "keras_dense_f32" if dtype == "f32" else "given", "seed": seed}
    entry = {
        "id": name, "engine": "keras", "how": how, "dtype": dtype, "dataset": dataset,
        "init": {"w": plain(w.T), "b": plain(b), "source": source},
        "reduction": "mean", "optimizer": {"name": optimizer, **settings}, "scheduler": None, "epochs": epochs,
    }
    given = {("learning_rate" if key == "lr" else key): value for key, value in settings.items()}
    given["weight_decay"] = given["weight_decay"] or None
    model.compile(optimizer=OPTIMIZERS[optimizer](**given), loss="mean_squared_error")
    if how.startswith("fit"):
        losses = model.fit(x, y, batch_size=len(x), epochs=epochs, shuffle=False, verbose=0).history["loss"]
    else:
        losses = [model.train_on_batch(x, y) for _ in range(epochs)]
    w, b = layer.get_weights()
    losses.append(((x @ w + b - y) ** 2).mean())
    rounds = dtype == "f64" and (settings.get("momentum") or settings["weight_decay"] or "beta_1" in settings)
    return entry, [plain(np.asarray(loss, x.dtype)) for loss in losses], w.T, b, ROUNDED if rounds else None
