# Categories and missing cells in R's lm, for tests/columns.rs:
#   Rscript make_columns.R > columns/columns.json
# The data are R's own, as people write them down: the rows are written to columns/NAME.csv.

number <- function(x) ifelse(is.na(x), "null", sprintf("%.17g", x))
list_of <- function(x) paste0("[", paste(number(x), collapse = ","), "]")
quoted <- function(x) if (length(x) == 0) character() else paste0("\"", x, "\"")

# A factor with its levels in the order of their bytes, or of their numbers, and one of them first.
category <- function(x, reference = NULL) {
  levels <- if (is.numeric(x)) sort(unique(x)) else sort(unique(as.character(x)), method = "radix")
  f <- factor(as.character(x), levels = as.character(levels))
  if (is.null(reference)) f else relevel(f, reference)
}

# What scikit-learn's SimpleImputer does to numbers, in rows that have a target.
with_means <- function(data, target) {
  data <- data[!is.na(data[[target]]), ]
  for (name in setdiff(names(data), target)) {
    if (is.numeric(data[[name]])) data[[name]][is.na(data[[name]])] <- mean(data[[name]], na.rm = TRUE)
  }
  data
}

fits <- list(
  list(name = "iris", data = iris, target = "Sepal.Length"),
  list(name = "iris", data = iris, target = "Sepal.Length", references = list(Species = "virginica")),
  list(name = "iris", data = iris, target = "Sepal.Length", bias = FALSE),
  list(name = "ToothGrowth", data = ToothGrowth, target = "len"),
  list(name = "ToothGrowth", data = ToothGrowth, target = "len", categorical = "dose", references = list(supp = "VC", dose = "1")),
  # Texts with commas, quoted; ordered factors are categories like any.
  list(name = "esoph", data = transform(esoph, agegp = paste0(agegp, ", years")), target = "ncontrols"),
  list(name = "warpbreaks", data = warpbreaks, target = "breaks", references = list(tension = "L")),
  list(name = "chickwts", data = chickwts, target = "weight"),
  list(name = "InsectSprays", data = InsectSprays, target = "count"),
  # Semicolons, decimal commas, quotes.
  list(name = "CO2", data = as.data.frame(CO2), target = "uptake", ignored = "Plant", csv2 = TRUE),
  list(name = "mtcars", data = mtcars, target = "mpg", categorical = c("cyl", "gear")),
  list(name = "airquality", data = airquality, target = "Ozone", rule = "drop"),
  list(name = "airquality", data = airquality, target = "Ozone", rule = "mean"),
  list(name = "airquality", data = airquality, target = "Ozone", rule = "mean", categorical = "Month", ignored = "Day")
)

lines <- character()
for (fit in fits) {
  file <- file.path("columns", paste0(fit$name, ".csv"))
  if (is.null(fit$csv2)) write.csv(fit$data, file, row.names = FALSE) else write.csv2(fit$data, file, row.names = FALSE)
  data <- fit$data[, setdiff(names(fit$data), fit$ignored)]
  columns <- setdiff(names(data), fit$target)
  options <- character()
  if (!is.null(fit$csv2)) options <- c(options, "--decimal", ",")
  if (!is.null(fit$ignored)) options <- c(options, "--ignore", fit$ignored)
  if (!is.null(fit$categorical)) options <- c(options, "--categorical", paste(fit$categorical, collapse = ","))
  if (!is.null(fit$rule)) options <- c(options, "--missing", fit$rule)
  if (!is.null(fit$bias)) options <- c(options, "--no-bias")
  features <- character()
  for (name in columns) {
    if (is.numeric(data[[name]]) && !(name %in% fit$categorical)) {
      features <- c(features, name)
    } else {
      reference <- fit$references[[name]]
      if (!is.null(reference)) options <- c(options, "--reference", paste0(name, "=", reference))
      data[[name]] <- category(data[[name]], reference)
      shown <- sort(levels(data[[name]])[-1], method = "radix")
      if (name %in% fit$categorical) shown <- as.character(sort(as.numeric(shown)))
      data[[name]] <- factor(data[[name]], levels = c(levels(data[[name]])[1], shown))
      features <- c(features, paste0(name, "=", shown))
    }
  }
  used <- if (identical(fit$rule, "mean")) with_means(data, fit$target) else data
  formula <- reformulate(columns, response = fit$target)
  x <- model.matrix(delete.response(terms(formula)), used)
  if (is.null(fit$bias)) {
    fitted <- lm(formula, used)
  } else {
    # The reference stays dropped, as with a constant.
    used <- data.frame(x[, -1], target = used[[fit$target]], check.names = FALSE)
    fitted <- lm(target ~ . - 1, used)
  }
  new <- head(data, 12)
  if (identical(fit$rule, "mean")) {
    for (name in columns) if (is.numeric(new[[name]])) new[[name]][is.na(new[[name]])] <- mean(used[[name]])
  }
  predicted <- if (is.null(fit$bias)) predict(fitted, new) else predict(fitted, head(used, 12))
  coefficients <- coef(fitted)
  if (is.null(fit$bias)) coefficients <- c(coefficients[-1], coefficients[1]) else coefficients <- c(coefficients, 0)
  errors <- coef(summary(fitted))[, 2]
  if (is.null(fit$bias)) errors <- c(errors[-1], errors[1])
  complete <- fit$data[, c(columns, fit$target)]
  lines <- c(lines, paste0(
    "{\"name\":", quoted(fit$name), ",\"target\":", quoted(fit$target),
    ",\"options\":[", paste(quoted(options), collapse = ","), "]",
    ",\"features\":[", paste(quoted(features), collapse = ","), "]",
    ",\"bias\":", number(unname(tail(coefficients, 1))), ",\"weights\":", list_of(head(coefficients, -1)),
    ",\"std_errors\":", list_of(errors),
    ",\"mse\":", number(mean(residuals(fitted)^2)), ",\"rows\":", length(residuals(fitted)),
    ",\"missing_rows\":", sum(!complete.cases(complete)),
    ",\"predicted\":", list_of(predicted), "}"))
}
cat("{\"made_with\":", quoted(R.version.string), ",\"fits\":[\n", paste(lines, collapse = ",\n"), "\n]}\n", sep = "")
