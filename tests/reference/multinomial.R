# Exact maximum likelihood of the baseline-category multinomial model, in plain R.
#
# x is n x p, y an n x K indicator matrix whose first column is the reference class, w the n frequencies.
# Parameters are vec(B), B p x (K - 1): all coefficients of class 2, then all of class 3, ...

probabilities <- function(eta) {
  eta <- eta - apply(eta, 1, max)
  exp(eta) / rowSums(exp(eta))
}

# Kronecker rows: row i is (y_i - p_i, without the reference) (x) x_i, the score of one observation.
row_scores <- function(x, y, b) {
  residual <- (y - probabilities(cbind(0, x %*% b)))[, -1, drop = FALSE]
  do.call(cbind, lapply(seq_len(ncol(residual)), function(k) x * residual[, k]))
}

# sum_i w_i (diag(p_i) - p_i p_i') (x) x_i x_i', block by block.
information <- function(x, w, b) {
  p <- probabilities(cbind(0, x %*% b))[, -1, drop = FALSE]
  classes <- seq_len(ncol(p))
  block <- function(j, k) crossprod(x, x * (w * p[, j] * ((j == k) - p[, k])))
  do.call(rbind, lapply(classes, function(j) do.call(cbind, lapply(classes, function(k) block(j, k)))))
}

# log p_y without forming p first, so that small probabilities keep their digits.
row_log_likelihood <- function(x, y, b) {
  eta <- cbind(0, x %*% b)
  top <- apply(eta, 1, max)
  rowSums(y * eta) - top - log(rowSums(exp(eta - top)))
}

log_likelihood <- function(x, y, w, b) sum(w * row_log_likelihood(x, y, b))

# Newton's method on the orthonormal columns of x = QR, where the information is well conditioned whatever
# the scales of x; halved while the log-likelihood falls. Stops when the mean gradient is at rounding error.
fit_multinomial <- function(x, y, w, tolerance = 1e-13, limit = 60) {
  decomposition <- qr(x * sqrt(w / sum(w)), tol = 1e-14)
  stopifnot(decomposition$rank == ncol(x), identical(decomposition$pivot, seq_len(ncol(x))))
  r <- qr.R(decomposition)
  q <- x %*% backsolve(r, diag(ncol(x)))
  g <- matrix(0, ncol(x), ncol(y) - 1)
  value <- log_likelihood(q, y, w, g)
  for (iteration in seq_len(limit)) {
    gradient <- colSums(w * row_scores(q, y, g))
    if (max(abs(gradient)) / sum(w) < tolerance) break
    step <- matrix(solve(information(q, w, g), gradient), nrow(g))
    size <- 1
    while (log_likelihood(q, y, w, g + size * step) < value - 1e-9 * abs(value)) size <- size / 2
    g <- g + size * step
    value <- log_likelihood(q, y, w, g)
  }
  stopifnot(max(abs(gradient)) / sum(w) < tolerance)
  whitened <- information(q, w, g)
  # A maximum at infinity shows as information that vanishes in some direction.
  stopifnot(min(eigen(whitened, symmetric = TRUE)$values) / sum(w) > 1e-6)
  back <- diag(ncol(g)) %x% backsolve(r, diag(ncol(x)))
  list(
    b = backsolve(r, g), covariance = back %*% solve(whitened, t(back)),
    log_likelihood = value, mean_gradient = max(abs(gradient)) / sum(w), iterations = iteration
  )
}

# Sandwich covariances without any small-sample factor. A frequency w is the row w times over.
robust_covariance <- function(x, y, w, fit) {
  scores <- row_scores(x, y, fit$b)
  fit$covariance %*% crossprod(scores, w * scores) %*% fit$covariance
}

clustered_covariance <- function(x, y, w, fit, cluster) {
  sums <- rowsum(w * row_scores(x, y, fit$b), cluster)
  fit$covariance %*% crossprod(sums) %*% fit$covariance
}
