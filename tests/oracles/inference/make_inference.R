# Writes data sets of R's package datasets as CSV, and what summary(lm), confint and predict say of them: inference.json.
number <- function(x) ifelse(is.finite(x), sprintf("%.17g", x), "null")
object <- function(names, values) paste0("{", paste0('"', names, '":', values, collapse = ","), "}")
array <- function(values) paste0("[", paste(values, collapse = ","), "]")
quoted <- function(texts) paste0('"', texts, '"')

# Names as formulas have them.
ticked <- function(names) ifelse(make.names(names) == names, names, paste0("`", names, "`"))

# 1/(1 - R_j^2), of the features that lm keeps.
vifs <- function(data, features, bias) {
  sapply(features, function(name) {
    others <- setdiff(features, name)
    if (length(others) == 0) return(1)
    fit <- lm(reformulate(ticked(others), as.name(name), intercept = bias), data)
    1 / (1 - summary(fit)$r.squared)
  })
}

one_target <- function(target, features, bias, data, new, fitted) {
  fit <- lm(reformulate(ticked(features), target, intercept = bias), data)
  if (is.null(fitted)) fitted <- summary(fit)
  limits <- confint(fit)
  kept <- features[!is.na(coef(fit)[ticked(features)])]
  vif <- vifs(data, kept, bias)
  names <- c(features, if (bias) "(Intercept)")
  coefficients <- sapply(names, function(name) {
    place <- if (name %in% features) ticked(name) else name
    if (is.na(coef(fit)[place])) return("null")
    row <- fitted$coefficients[place, ]
    values <- c(row, limits[place, ], vif[name])
    object(c("estimate", "std_error", "t", "p", "lower", "upper", "vif"), number(values))
  })
  names[names == "(Intercept)"] <- "bias"
  f <- fitted$fstatistic
  f_p <- pf(f[1], f[2], f[3], lower.tail = FALSE)
  limits <- function(kind, level) {
    found <- suppressWarnings(predict(fit, new, interval = kind, level = level))
    object(c("fit", "lower", "upper"), apply(found, 2, function(column) array(number(column))))
  }
  object(
    c("coefficients", "r2", "adj_r2", "f", "f_p", "df_model", "df", "residual_std_error", "prediction", "confidence"),
    c(object(names, coefficients), number(c(fitted$r.squared, fitted$adj.r.squared, f[1], f_p, f[2], f[3], fitted$sigma)),
      limits("prediction", 0.95), limits("confidence", 0.8))
  )
}

cases <- c()
add <- function(name, data, targets, bias = TRUE, powers = NULL) {
  with_powers <- function(data) {
    for (power in seq_len(if (is.null(powers)) 0 else powers$degree - 1) + 1)
      data[[paste0(powers$column, "^", power)]] <- data[[powers$column]]^power
    data
  }
  features <- setdiff(names(data), targets)
  # Rows that are not those of the data: beyond them too.
  new <- data[seq(1, nrow(data), length.out = 5), features, drop = FALSE] * c(1, 0.9, 1.3, 1, 2)
  write.csv(data, paste0(name, ".csv"), row.names = FALSE, quote = FALSE)
  write.table(format(new, digits = 17, trim = TRUE), paste0(name, "-new.csv"), sep = ",", row.names = FALSE, quote = FALSE)
  new <- with_powers(read.csv(paste0(name, "-new.csv")))
  data <- with_powers(data)
  features <- setdiff(names(data), targets)
  # Several targets are one fit to R, too.
  together <- NULL
  if (length(targets) > 1) {
    left <- paste0("cbind(", paste(targets, collapse = ","), ")")
    together <- summary(lm(as.formula(paste(left, "~", paste(features, collapse = "+"))), data))
  }
  of <- function(target) one_target(target, features, bias, data, new, together[[paste("Response", target)]])
  regressions <- object(targets, sapply(targets, of))
  keys <- c("bias", "poly", "targets")
  poly <- if (is.null(powers)) "null" else quoted(paste0(powers$column, ":", powers$degree))
  cases <<- c(cases, paste0('"', name, '":', object(keys, c(tolower(bias), poly, regressions))))
}

add("mtcars", mtcars[, c("wt", "hp", "qsec", "mpg")], "mpg")
add("swiss", swiss[, c(2:6, 1)], "Fertility")
add("longley", longley, "Employed")
add("stackloss", stackloss, "stack.loss")
add("trees", trees, "Volume")
add("cars", cars, "dist")
add("cars-no-bias", cars, "dist", bias = FALSE)
add("stackloss-no-bias", stackloss, "stack.loss", bias = FALSE)
add("iris", iris[, c(2, 4, 1, 3)], c("Sepal.Length", "Petal.Length"))
# The third feature is the sum of the first two.
aliased <- data.frame(cyl = mtcars$cyl, gear = mtcars$gear, both = mtcars$cyl + mtcars$gear, wt = mtcars$wt, mpg = mtcars$mpg)
add("aliased", aliased, "mpg")
# Columns that are made where rows are read.
add("powers", mtcars[, c("wt", "hp", "mpg")], "mpg", powers = list(column = "wt", degree = 3))
add("powers-no-bias", mtcars[, c("hp", "wt", "mpg")], "mpg", bias = FALSE, powers = list(column = "wt", degree = 3))
writeLines(c("{", paste0('"made_with":"', R.version.string, '",'), '"cases":{', paste(cases, collapse = ",\n"), "}}"), "inference.json")
