# Writes the fits under Jeffreys' prior next to this script: Rscript tests/reference/make_jeffreys.R
#
# The numbers maximise l(b) + 1/2 log det I(b) (multinomial.R). brglm2 must agree: its own estimates and standard
# errors are written beside them.

suppressMessages(library(brglm2))

arguments <- commandArgs(trailingOnly = FALSE)
source(file.path(dirname(sub("^--file=", "", grep("^--file=", arguments, value = TRUE))), "common.R"))

fit_brglm2 <- function(m, reference) {
  used <- m$frame[m$frame$frequency_ > 0, ]
  response <- all.vars(m$formula)[1]
  used[[response]] <- factor(used[[response]])
  fit <- brmultinom(m$formula, data = used, weights = frequency_, ref = reference,
    type = "MPL_Jeffreys", epsilon = 1e-10, maxit = 10000)
  stopifnot(fit$converged)
  list(estimate = as.vector(t(coef(fit))), std_error = sqrt(diag(vcov(fit))))
}

# The score that fit_jeffreys solves, against differences of the penalised log-likelihood at a random point.

check_gradient <- function(m, fit) {
  set.seed(1)
  q <- qr.Q(qr(m$x))
  at <- matrix(rnorm(length(fit$b)), nrow(fit$b))
  along <- matrix(rnorm(length(fit$b)), nrow(fit$b))
  value <- function(size) penalised_log_likelihood(q, m$y, m$w, at + size * along)
  slope <- (8 * (value(1e-4) - value(-1e-4)) - (value(2e-4) - value(-2e-4))) / 12e-4
  expect_close(slope / sum(jeffreys_score(q, m$y, m$w, at) * along), 1, 1e-7, "penalised score against differences")
}

table_of <- function(m, fit) {
  table <- all_coefficients(m, fit)
  table$p_adjusted <- NULL
  table[c("brglm2_estimate", "brglm2_std_error")] <- NA_real_
  for (reference in c(1, length(m$classes))) {
    rows <- table$reference == m$classes[reference]
    other <- fit_brglm2(m, reference)
    table$brglm2_estimate[rows] <- other$estimate
    table$brglm2_std_error[rows] <- other$std_error
  }
  both <- table[!is.na(table$brglm2_estimate), ]
  scale <- pmax(abs(both$estimate), both$std_error)
  checks <- c(
    estimate = expect_close(both$brglm2_estimate / scale, both$estimate / scale, 1e-8, "brglm2 coefficients"),
    std_error = expect_close(both$brglm2_std_error / both$std_error, 1, 1e-8, "brglm2 standard errors")
  )
  list(table = table, checks = checks)
}

summaries <- lapply(names(jeffreys_problems), function(name) {
  problem <- jeffreys_problems[[name]]()
  data <- if (problem$data == "") name else problem$data
  m <- prepare(problem, data)
  fit <- fit_jeffreys(m$x, m$y, m$w)
  check_gradient(m, fit)
  both <- table_of(m, fit)
  write_table(both$table, name, "_jeffreys")
  apart <- separated(m$x, m$y, m$w)
  cat(sprintf("%-18s n %5d  K %d  p %2d  separated %5s  steps %4d ", name, as.integer(sum(m$w)), length(m$classes),
    ncol(m$x), apart, fit$iterations),
    paste(names(both$checks), format(both$checks, digits = 2), collapse = "  "), "\n")
  data.frame(
    name = name, data = data, formula = problem$formula, weights = problem$weights,
    separated = tolower(apart), log_likelihood = fit$log_likelihood, log_det_information = fit$log_det_information,
    df = length(fit$b), nobs = as.integer(sum(m$w))
  )
})
write_table(do.call(rbind, summaries), "jeffreys")
