suppressPackageStartupMessages(library(VGAM))

fit <- function(x, y) vglm(y ~ x, multinomial(refLevel = 1), epsilon = 1e-10, maxit = 100)
coefficients <- function(model) cbind(0, coef(model, matrix = TRUE))
iterations <- function(model) model@iter
