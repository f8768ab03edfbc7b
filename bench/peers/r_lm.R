# R: data.table::fread reads (read.csv where that is missing), lm() fits. Called as `Rscript r_lm.R FILE`; the last
# column is the target.
file <- commandArgs(TRUE)[1]
rows <- if (requireNamespace("data.table", quietly = TRUE)) data.table::fread(file) else read.csv(file)
names(rows)[ncol(rows)] <- "target"
fit <- lm(target ~ ., data = rows, model = FALSE)
weights <- coef(fit)
cat(sprintf('{"mse": %.17g, "weights": [[%s]], "bias": [%.17g]}\n', mean(residuals(fit)^2),
            paste(sprintf("%.17g", weights[-1]), collapse = ", "), weights[[1]]))
