"""First weights as NumPy, PyTorch and Keras draw them: the golden vectors of `linreg train --init ... --seed ...`.

    python3 make_init.py --out init.json      writes them
    python3 make_init.py --check init.json    makes them again and compares

Kinds, all after seeding with `seed` (k outputs, p features; a kind that ends in f32 is to be read as f32):

    mt19937_u32               the first four 32-bit outputs of the generator under NumPy and PyTorch
    numpy_randn_scalars       w = randn(); b = randn()
    numpy_randn               w = randn(k, p); b = randn(k)
    torch_randn_f32, _f64     w = torch.randn(k, p); b = torch.randn(k)
    torch_linear_f32, _f64    torch.nn.Linear(p, k)
    numpy_default_rng_normal  default_rng(seed).standard_normal(6)
    keras_dense_f32           the kernel of the first keras.layers.Dense(k); only where Keras is installed
"""

import json
import os
import sys

import numpy as np
import torch

from common import check, numbers, one_per_line, options, plain, versions

SEEDS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 42, 100, 123, 999, 1234, 2020, 2023, 4321, 31337,
         123456789, 2147483647, 4294967295]
RNG_SEEDS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 42]
KERAS_SEEDS = RNG_SEEDS + [123, 1234]

# Shapes (k, p) on both sides of what the libraries treat apart: below 16 numbers, 16 and multiples, other counts.
NUMPY_SHAPES = [(1, 3), (2, 3), (3, 4)]
TORCH_RANDN_SHAPES = {
    "f32": [(1, 1), (1, 3), (2, 3), (3, 5), (4, 4), (1, 17), (2, 10), (3, 16)],
    "f64": [(1, 1), (2, 3), (4, 4), (1, 17)],
}
TORCH_LINEAR_SHAPES = {"f32": [(1, 1), (2, 3), (1, 13), (3, 10)], "f64": [(1, 1), (2, 3)]}
KERAS_SHAPES = [(1, 1), (2, 3), (1, 13)]
TORCH_TYPES = {"f32": torch.float32, "f64": torch.float64}

TOLERANCE = {"f32": 2e-6, "f64": 1e-14}


def vector(kind, seed, k=None, p=None, **values):
    shape = {} if k is None else {"k": k, "p": p}
    return {"kind": kind, "seed": seed, **shape, **{name: plain(np.asarray(v)) for name, v in values.items()}}


def numpy_vectors(seed):
    np.random.seed(seed)
    generator = np.random.RandomState(seed)
    words = [generator.randint(0, 2**32, dtype=np.uint32) for _ in range(4)]
    yield vector("mt19937_u32", seed, values=words)
    w, b = np.random.randn(), np.random.randn()
    yield vector("numpy_randn_scalars", seed, w=[[w]], b=[b])
    for k, p in NUMPY_SHAPES:
        np.random.seed(seed)
        w, b = np.random.randn(k, p), np.random.randn(k)
        yield vector("numpy_randn", seed, k, p, w=w, b=b)


def torch_vectors(seed):
    for name, shapes in TORCH_RANDN_SHAPES.items():
        for k, p in shapes:
            torch.manual_seed(seed)
            w, b = torch.randn(k, p, dtype=TORCH_TYPES[name]), torch.randn(k, dtype=TORCH_TYPES[name])
            yield vector("torch_randn_" + name, seed, k, p, w=w, b=b)
    for name, shapes in TORCH_LINEAR_SHAPES.items():
        for k, p in shapes:
            torch.manual_seed(seed)
            layer = torch.nn.Linear(p, k, dtype=TORCH_TYPES[name])
            yield vector("torch_linear_" + name, seed, k, p, w=layer.weight.detach(), b=layer.bias.detach())


def keras_vectors():
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        import keras
    except ImportError:
        print("keras is not installed: its kind is left out", file=sys.stderr)
        return
    for seed in KERAS_SEEDS:
        for k, p in KERAS_SHAPES:
            keras.utils.set_random_seed(seed)
            layer = keras.layers.Dense(k)
            layer.build((None, p))
            yield vector("keras_dense_f32", seed, k, p, kernel=layer.get_weights()[0])


def vectors():
    for seed in SEEDS:
        yield from numpy_vectors(seed)
        yield from torch_vectors(seed)
        if seed in RNG_SEEDS:
            yield vector("numpy_default_rng_normal", seed, values=np.random.default_rng(seed).standard_normal(6))
    yield from keras_vectors()


def name(item):
    return "%s seed %d, %s x %s" % (item["kind"], item["seed"], item.get("k", 1), item.get("p", 1))


def within(made, item):
    tolerance = TOLERANCE["f32" if item["kind"].endswith("f32") else "f64"]
    return all(abs(a - b) <= tolerance for a, b in zip(numbers(made), numbers(item)))


def main():
    chosen = options(__doc__.splitlines()[0])
    made = list(vectors())
    head = {
        "made_with": versions("numpy", "torch", "keras", "tensorflow", "tensorflow-cpu"),
        "note": "w is k rows of p (torch.nn.Linear.weight layout); kernel is p rows of k (Keras layout). "
                "All numbers are shortest round-trip decimals of the type in the kind.",
    }
    if chosen.out:
        with open(chosen.out, "w") as file:
            file.write(one_per_line(head, "vectors", made))
    if chosen.check:
        with open(chosen.check) as file:
            old = json.load(file)
        print("the file was made with %s, this with %s" % (old["made_with"], head["made_with"]))
        existing = {name(item): item for item in old["vectors"]}
        made = {name(item): item for item in made}
        agreed = check(made, existing, lambda item: item["kind"], lambda a, b: numbers(a) == numbers(b), within)
        sys.exit(0 if agreed else 1)


if __name__ == "__main__":
    main()
