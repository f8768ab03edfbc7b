# Weighted least squares of R, for tests/weights.rs:
#   Rscript make_weights.R > weights/weights.json
# The data are R's own: the rows are written to weights/NAME.csv.

number <- function(x) sprintf("%.17g", x)
list_of <- function(x) paste0("[", paste(number(x), collapse = ","), "]")
quoted <- function(x) paste0("\"", x, "\"")

fits <- list(
  # Counts of observations behind each row, as frequencies.
  list(name = "warpbreaks", data = transform(aggregate(breaks ~ I(as.integer(wool)) + I(as.integer(tension)), warpbreaks, mean),
                                             n = c(9, 9, 9, 9, 9, 9) - 0:5)),
  # Weights over many powers of ten, one of them 0.
  list(name = "longley", data = transform(longley[, c("GNP", "Unemployed", "Year", "Employed")], w = c(0, 10^seq(-3, 3, length.out = 15)))),
  # Precisions: the variance grows with speed.
  list(name = "cars", data = transform(cars, w = 1 / speed)),
  # A large offset.
  list(name = "pressure", data = transform(pressure, temperature = temperature + 1e6, w = seq_along(temperature) / 7))
)

lines <- character()
for (fit in fits) {
  data <- fit$data
  names(data) <- gsub("I\\.as\\.integer\\.([a-z]+)\\.\\.", "\\1", names(data))
  write.table(format(data, digits = 17, trim = TRUE), file.path("weights", paste0(fit$name, ".csv")),
              sep = ",", row.names = FALSE, quote = FALSE)
  p <- ncol(data) - 2
  weight <- names(data)[p + 2]
  formula <- reformulate(names(data)[1:p], response = names(data)[p + 1])
  w <- data[[weight]]
  fitted <- do.call(lm, list(formula = formula, data = data, weights = w))
  s <- summary(fitted)
  rss <- sum(w * residuals(fitted)^2)
  lines <- c(lines, paste0(
    "{\"name\":", quoted(fit$name), ",\"weight\":", quoted(weight), ",\"target\":", quoted(names(data)[p + 1]),
    ",\"features\":[", paste(quoted(names(data)[1:p]), collapse = ","), "]",
    ",\"bias\":", number(coef(fitted)[1]), ",\"weights\":", list_of(coef(fitted)[-1]),
    ",\"std_errors\":", list_of(coef(s)[, 2]),
    ",\"mse\":", number(rss / sum(w)), ",\"r2\":", number(s$r.squared),
    ",\"rows\":", sum(w > 0), ",\"df\":", df.residual(fitted), ",\"sigma\":", number(s$sigma),
    ",\"weight_sum\":", number(sum(w)), "}"))
}
cat("{\"made_with\":", quoted(R.version.string), ",\"fits\":[\n", paste(lines, collapse = ",\n"), "\n]}\n", sep = "")
