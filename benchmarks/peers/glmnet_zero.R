suppressPackageStartupMessages(library(glmnet))

# Started at 0 it does not get there (10 classes, 25 columns: no end within 200 s). Down a path it does, as its
# authors recommend; without the rules by which it would leave the path before its end.
glmnet.control(fdev = 0, devmax = 1)
path <- c(10^seq(-1, -8, length.out = 50), 0)

fit <- function(x, y) {
  glmnet(x, y, family = "multinomial", lambda = path, thresh = 1e-10, maxit = 1e8, standardize = FALSE)
}
coefficients <- function(model) {
  if (min(model$lambda) > 0) stop("glmnet did not converge at lambda = 0")
  sapply(coef(model, s = 0), function(column) as.matrix(column)[, 1])
}
iterations <- function(model) model$npasses
