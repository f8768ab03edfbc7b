# Writes distributions.csv: values of R's pt, pf and qt in all their tails.
options(digits = 17)
exact <- function(x) sprintf("%.17g", x)
rows <- c("function,x,first,second,value")
add <- function(...) rows <<- c(rows, paste(..., sep = ","))
for (df in c(1, 2, 3, 5, 10, 29, 100, 1000, 1e6))
  for (t in c(0.01, 0.5, 1, 2, 3.5, 10, 38, 100, 1e4)) {
    p <- 2 * pt(t, df, lower.tail = FALSE)
    if (p > 1e-290) add("t_two_sided", exact(t), df, "", exact(p))
  }
for (df1 in c(1, 2, 3, 10, 100))
  for (df2 in c(1, 2, 5, 29, 1000, 1e6))
    for (f in c(0.01, 0.5, 1, 3, 20, 200, 1e4)) {
      p <- pf(f, df1, df2, lower.tail = FALSE)
      if (p > 1e-290) add("f_upper", exact(f), df1, df2, exact(p))
    }
for (df in c(1, 2, 3, 5, 10, 29, 100, 1000, 1e6))
  for (level in c(0.001, 0.5, 0.9, 0.95, 0.99, 0.999, 0.9999))
    add("t_critical", exact(level), df, "", exact(qt((1 - level) / 2, df, lower.tail = FALSE)))
writeLines(rows, "distributions.csv")
cat(R.version.string, "\n")
