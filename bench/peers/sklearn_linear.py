"""scikit-learn's LinearRegression (closed form)."""

from common import arguments, load, report

path, _, _, targets = arguments()
x, y, reader = load(path, targets)

from sklearn.linear_model import LinearRegression

model = LinearRegression().fit(x, y)
report(((model.predict(x) - y) ** 2).mean(), model.coef_, model.intercept_, loaded_with=reader)
