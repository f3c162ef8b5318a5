suppressPackageStartupMessages(library(nnet))

fit <- function(x, y) {
  multinom(y ~ x, reltol = 1e-12, maxit = 1e6, MaxNWts = 1e7, Hess = setting == "hessian", trace = FALSE)
}
coefficients <- function(model) cbind(0, t(coef(model)))
iterations <- function(model) NA # it does not tell
