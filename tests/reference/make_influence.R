# Leverages of rows, next to this script: Rscript tests/reference/make_influence.R
#
# Every number written comes from multinomial.R; VGAM's hatvalues, summed over a row's classes, must agree, and the sum
# over all rows must be the number of parameters. Beside them one step of Newton's without each row, whose whole
# information matrix is made anew without it.

suppressMessages(library(VGAM))

arguments <- commandArgs(trailingOnly = FALSE)
source(file.path(dirname(sub("^--file=", "", grep("^--file=", arguments, value = TRUE))), "common.R"))

check_vgam <- function(m, hat) {
  used <- m$frame$frequency_ > 0
  other <- suppressWarnings(vglm(update(m$formula, factor(.) ~ .), multinomial(refLevel = 1), m$frame[used, ],
    weights = frequency_, criterion = "coefficients", epsilon = 1e-13, maxit = 100
  ))
  expect_close(rowSums(hatvalues(other, type = "diagonal")), hat[used], 1e-7, "VGAM hatvalues")
}

influence_table <- function(m, fit) {
  whole <- information(m$x, m$w, fit$b)
  p <- probabilities(cbind(0, m$x %*% fit$b))
  scores <- row_scores(m$x, m$y, fit$b) * m$w
  rows <- vapply(seq_len(nrow(m$x)), function(i) {
    own <- information(m$x[i, , drop = FALSE], m$w[i], fit$b)
    change <- solve(whole - own, scores[i, ])
    c(
      hat = sum(fit$covariance * own),
      cooksd = drop(change %*% whole %*% change) / length(change),
      delta_deviance = -2 * m$w[i] * log(p[i, m$y[i, ] == 1]) + sum(scores[i, ] * change)
    )
  }, c(hat = 0, cooksd = 0, delta_deviance = 0))
  as.data.frame(t(rows))
}

for (name in c("womenlf", "pneumo", "birthwt", "infert", "alligators")) {
  m <- prepare(problems[[name]](), name)
  fit <- fit_multinomial(m$x, m$y, m$w)
  table <- influence_table(m, fit)
  expect_close(sum(table$hat), length(fit$b), 1e-8, "sum of leverages")
  worst <- check_vgam(m, table$hat)
  write_table(table, name, "_influence")
  cat(sprintf("%-11s rows %5d  VGAM %.1e\n", name, nrow(table), worst))
}
