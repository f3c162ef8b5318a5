# Lasso, elastic net and group lasso by glmnet.
#
#     Rscript tests/reference/make_paths.R      # 50 s; needs glmnet
#
# Writes paths.csv: a row a data set, penalty, strength, class and column, with the coefficient and the objective.
# thresh is glmnet's change of the objective in one sweep, relative to the null deviance: far below what it must be.

here <- dirname(normalizePath(sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE))))
source(file.path(here, "common.R"))
suppressPackageStartupMessages(library(glmnet))
glmnet.control(fdev = 0, devmax = 1, mnlam = 100)

cases <- expand.grid(
  data = c("beps", "chile", "housing", "ces11"), grouped = c(TRUE, FALSE), mixing = c(1, 0.5),
  factors = c(FALSE, TRUE), stringsAsFactors = FALSE
)

objective <- function(m, a0, b, lambda, case, factor, deviation) {
  eta <- sweep(m$x[, -1] %*% b, 2, a0, "+")
  top <- apply(eta, 1, max)
  logs <- eta - top - log(rowSums(exp(eta - top)))
  loss <- -sum(m$w * rowSums(m$y * logs)) / sum(m$w)
  z <- b * deviation
  size <- if (case$grouped) sqrt(rowSums(z^2)) else rowSums(abs(z))
  loss + lambda * sum(factor * (case$mixing * size + (1 - case$mixing) / 2 * rowSums(z^2)))
}

solved <- function(case) {
  m <- prepare(problems[[case$data]](), case$data)
  x <- m$x[, -1, drop = FALSE]
  share <- m$w / sum(m$w)
  deviation <- sqrt(colSums(share * sweep(x, 2, colSums(share * x))^2))
  # The first term's columns cost three times as much, those of the last are free; glmnet rescales to a mean of one.
  factor <- rep(1, ncol(x))
  if (case$factors) {
    term <- m$assign[-1]
    factor[term == 1] <- 3
    factor[term == max(term)] <- 0
  }
  fit <- glmnet(x, m$y, family = "multinomial", weights = m$w, alpha = case$mixing, nlambda = 40,
    lambda.min.ratio = 1e-3, penalty.factor = factor, thresh = 1e-20, maxit = 1e8,
    type.multinomial = if (case$grouped) "grouped" else "ungrouped"
  )
  mean_factor <- mean(factor)
  do.call(rbind, lapply(c(8, 20, 32, 40), function(place) {
    a0 <- fit$a0[, place]
    b <- sapply(fit$beta, function(one) one[, place])
    lambda <- fit$lambda[place] / mean_factor
    data.frame(
      data = case$data, grouped = case$grouped, mixing = case$mixing, factors = case$factors, strength = lambda,
      objective = objective(m, a0, b, lambda, case, factor, deviation),
      class = rep(m$classes, each = nrow(b) + 1), term = m$columns, estimate = as.vector(rbind(a0, b))
    )
  }))
}

write_table(do.call(rbind, lapply(seq_len(nrow(cases)), function(i) solved(cases[i, ]))), "paths")
