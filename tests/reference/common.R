# What the scripts share: reading problems, writing tables, tables of coefficients, chi-square statistics.

invisible(Sys.setlocale("LC_COLLATE", "C")) # levels and classes in the order of Python's sorted()
options(contrasts = c("contr.treatment", "contr.poly"), digits = 17)

# formulaic's C(): any column, numbers too, becomes a factor; sum contrasts get formulaic's names.
C <- function(x, contrasts) {
  x <- factor(x)
  if (missing(contrasts)) return(x)
  coding <- contrasts(levels(x))
  colnames(coding) <- paste0("[S.", head(levels(x), -1), "]")
  contrasts(x) <- coding
  x
}

arguments <- commandArgs(trailingOnly = FALSE)
here <- dirname(normalizePath(sub("^--file=", "", grep("^--file=", arguments, value = TRUE))))
source(file.path(here, "multinomial.R"))
source(file.path(here, "problems.R"))

# 17 digits; missing numbers are left empty. Text is quoted only in columns that hold a comma.
write_table <- function(frame, ...) {
  numeric <- vapply(frame, is.double, TRUE)
  frame[numeric] <- lapply(frame[numeric], function(column) {
    ifelse(is.na(column), "", formatC(column, digits = 17, format = "g", width = 1))
  })
  quoted <- which(vapply(frame, function(column) any(grepl(",", column, fixed = TRUE)), TRUE))
  write.csv(frame, file.path(here, paste0(..., ".csv")),
    row.names = FALSE, quote = if (length(quoted)) unname(quoted) else FALSE
  )
}

# Data go through the file first (15 digits), so that R fits the very numbers that Python will read.
through_file <- function(frame, name) {
  path <- file.path(here, paste0(name, ".csv"))
  write.csv(frame, path, row.names = FALSE, quote = FALSE)
  read.csv(path, na.strings = "", stringsAsFactors = TRUE)
}

# "C(region)BC" -> "C(region)[T.BC]", within interactions too.
python_names <- function(columns) gsub("(C\\(\\w+\\))([^:]+)", "\\1[T.\\2]", columns)

expect_close <- function(found, expected, tolerance, what) {
  worst <- max(abs(found - expected))
  if (!(worst <= tolerance)) stop(what, ": ", format(worst, digits = 3), " > ", tolerance)
  invisible(worst)
}

# The arrays of a problem; `name` is the file of its data.
prepare <- function(problem, name) {
  frame <- through_file(problem$frame, name)
  formula <- as.formula(problem$formula)
  response <- factor(frame[[all.vars(formula)[1]]])
  x <- model.matrix(formula, frame)
  w <- if (problem$weights == "") rep(1, nrow(frame)) else as.double(frame[[problem$weights]])
  frame$frequency_ <- w
  list(
    name = name, problem = problem, frame = frame, formula = formula, x = x, w = w,
    y = outer(as.integer(response), seq_len(nlevels(response)), "==") * 1, classes = levels(response),
    terms = attr(terms(formula), "term.labels"), assign = attr(x, "assign"),
    columns = python_names(colnames(x))
  )
}

log10_normal <- function(z) (log(2) + pnorm(-abs(z), log.p = TRUE)) / log(10)
log10_chisq <- function(x, df) pchisq(x, df, lower.tail = FALSE, log.p = TRUE) / log(10)

# b' V^-1 b, with V scaled to a correlation matrix first: columns run from 1 to 250,000.
wald <- function(b, covariance, keep = rep(TRUE, length(b))) {
  if (!any(keep)) return(0)
  scale <- sqrt(diag(covariance))[keep]
  z <- b[keep] / scale
  drop(z %*% solve(covariance[keep, keep] / tcrossprod(scale), z))
}

# Map from the coefficients against the first class to those against another, or to the centred ones.
rebase <- function(p, classes, reference) {
  all <- rbind(0, diag(classes - 1)) # vec of all classes' coefficients from the K - 1 free ones
  base <- if (is.na(reference)) colMeans(all) else all[reference, ]
  sweep(all, 2, base) %x% diag(p)
}

# p_adjusted: Benjamini and Hochberg's, over all rows but the intercepts'.
coefficient_table <- function(m, fit, covariance, reference, label) {
  map <- rebase(ncol(m$x), length(m$classes), reference)
  estimate <- as.vector(map %*% as.vector(fit$b))
  std_error <- sqrt(pmax(diag(map %*% covariance %*% t(map)), 0))
  table <- data.frame(
    reference = label, class = rep(m$classes, each = ncol(m$x)), term = m$columns, estimate = estimate,
    std_error = std_error, log10_p = log10_normal(estimate / std_error)
  )
  table <- table[!table$class %in% m$classes[reference], ]
  slopes <- table$term != "(Intercept)"
  table$p_adjusted <- replace(rep(NA_real_, nrow(table)), slopes, p.adjust(10^table$log10_p[slopes], "BH"))
  table
}

all_coefficients <- function(m, fit) {
  last <- length(m$classes)
  rbind(
    coefficient_table(m, fit, fit$covariance, 1, m$classes[1]),
    coefficient_table(m, fit, fit$covariance, last, m$classes[last]),
    coefficient_table(m, fit, fit$covariance, NA, "symmetric")
  )
}
