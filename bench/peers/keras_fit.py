"""Keras `fit` with one Dense layer and SGD on all rows at once, f32. Reports the seconds of one epoch."""

import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
from common import arguments, load, report

path, epochs, lr, targets = arguments()
x, y, reader = load(path, targets, "float32")

import keras

model = keras.Sequential([keras.Input((x.shape[1],)), keras.layers.Dense(y.shape[1], kernel_initializer="zeros")])
model.compile(optimizer=keras.optimizers.SGD(lr), loss="mean_squared_error")
model.fit(x, y, batch_size=len(x), epochs=1, verbose=0)  # compiles; counts as an epoch
start = time.perf_counter()
model.fit(x, y, batch_size=len(x), epochs=epochs - 1, verbose=0)
seconds = (time.perf_counter() - start) / (epochs - 1)
kernel, bias = model.get_weights()
mse = ((x.astype("float64") @ kernel + bias - y) ** 2).mean()
report(mse, kernel.T, bias, epochs_run=epochs, seconds_per_epoch=seconds, loaded_with=reader)
