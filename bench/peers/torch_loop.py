"""torch.nn.Linear, MSELoss and SGD on all rows, in torch's default f32."""

from common import arguments, load, report

path, epochs, lr, targets = arguments()
x, y, reader = load(path, targets, "float32")

import torch

x, y = torch.tensor(x), torch.tensor(y)
model = torch.nn.Linear(x.shape[1], y.shape[1])
torch.nn.init.zeros_(model.weight)
torch.nn.init.zeros_(model.bias)
optimizer, measure = torch.optim.SGD(model.parameters(), lr=lr), torch.nn.MSELoss()
for epoch in range(epochs):
    loss = measure(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
with torch.no_grad():
    mse = measure(model(x), y)
report(mse, model.weight, model.bias, loaded_with=reader)
