# Rscript glmnet_path.R FOLDER ROWS COLUMNS CLASSES THRESH: a grouped path by glmnet; the fit alone is timed.

suppressPackageStartupMessages(library(glmnet))
args <- commandArgs(trailingOnly = TRUE)
folder <- args[1]
sizes <- as.integer(args[2:4])
strengths <- scan(file.path(folder, "strengths.txt"), quiet = TRUE)

# Without the rules by which it would leave the path before its end.
glmnet.control(fdev = 0, devmax = 1)
fit <- function(x, y, strengths) {
  glmnet(x, y, family = "multinomial", type.multinomial = "grouped", lambda = strengths, standardize = FALSE,
    thresh = as.numeric(args[5]), maxit = 1e9)
}
set.seed(1)
invisible(fit(matrix(rnorm(120), 60, 2), factor(rep(0:2, 20)), c(0.1, 0.01)))

x <- matrix(readBin(file.path(folder, "x.bin"), "double", sizes[1] * sizes[2]), sizes[1], sizes[2])
y <- factor(readBin(file.path(folder, "y.bin"), "integer", sizes[1]), levels = seq_len(sizes[3]) - 1)
start <- as.numeric(Sys.time())
model <- fit(x, y, strengths)
seconds <- as.numeric(Sys.time()) - start

if (length(model$lambda) < length(strengths)) stop("glmnet did not reach the end of the path")
# (columns, strengths, classes), the intercept first.
found <- sapply(seq_len(sizes[3]), function(k) rbind(model$a0[k, ], as.matrix(model$beta[[k]])), simplify = "array")
writeBin(as.vector(found), file.path(folder, "coefficients.bin"))
writeLines(format(seconds, digits = 10), file.path(folder, "seconds.txt"))
