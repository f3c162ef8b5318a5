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

# ---- Jeffreys' prior ---------------------------------------------------------------------------------------

# Gradient of l(b) + 1/2 log det I(b): for row i, x_i times r_i + 1/2 V_i (diag(M_i) - 2 M_i p_i), where
# r_i = y_i - p_i, V_i = diag(p_i) - p_i p_i' and M_i = (1 (x) x_i)' I^-1 (1 (x) x_i), all without the reference.
jeffreys_score <- function(x, y, w, b) {
  p <- probabilities(cbind(0, x %*% b))[, -1, drop = FALSE]
  inverse <- solve(information(x, w, b))
  classes <- seq_len(ncol(p))
  own <- function(k) (k - 1) * ncol(x) + seq_len(ncol(x))
  m <- function(j, k) rowSums((x %*% inverse[own(j), own(k), drop = FALSE]) * x)
  pull <- do.call(cbind, lapply(classes, function(j) {
    m(j, j) - 2 * Reduce(`+`, lapply(classes, function(k) m(j, k) * p[, k]))
  }))
  pull <- p * pull - p * rowSums(p * pull) # V_i times it
  residual <- (y[, -1, drop = FALSE] - p) + pull / 2
  as.vector(crossprod(x, w * residual))
}

log_det_information <- function(x, w, b) as.numeric(determinant(information(x, w, b))$modulus)

penalised_log_likelihood <- function(x, y, w, b) log_likelihood(x, y, w, b) + log_det_information(x, w, b) / 2

# Fisher scoring in orthonormal columns, halved while the penalised log-likelihood falls, until a step moves no
# coefficient by more than 1e-13 of its standard error. The estimates exist whatever the data.
fit_jeffreys <- function(x, y, w, tolerance = 1e-13, limit = 5000) {
  decomposition <- qr(x * sqrt(w / sum(w)), tol = 1e-14)
  stopifnot(decomposition$rank == ncol(x), identical(decomposition$pivot, seq_len(ncol(x))))
  r <- qr.R(decomposition)
  q <- x %*% backsolve(r, diag(ncol(x)))
  g <- matrix(0, ncol(x), ncol(y) - 1)
  value <- penalised_log_likelihood(q, y, w, g)
  for (iteration in seq_len(limit)) {
    covariance <- solve(information(q, w, g))
    step <- drop(covariance %*% jeffreys_score(q, y, w, g))
    size <- max(abs(step) / sqrt(diag(covariance)))
    g <- g + matrix(step, nrow(g))
    if (size < tolerance) break
    while ((moved <- penalised_log_likelihood(q, y, w, g)) < value - 1e-9 * abs(value)) {
      step <- step / 2
      g <- g - matrix(step, nrow(g))
    }
    value <- moved
  }
  stopifnot(size < tolerance)
  b <- backsolve(r, g)
  back <- diag(ncol(g)) %x% backsolve(r, diag(ncol(x)))
  list(
    b = b, covariance = back %*% solve(information(q, w, g), t(back)), iterations = iteration,
    log_likelihood = log_likelihood(q, y, w, g), log_det_information = log_det_information(x, w, b)
  )
}

# Whether the maximum-likelihood estimate fails to exist: 25 Newton steps, and where the information has vanished,
# the last step certified on all rows as a direction that lowers no row's log-likelihood and raises one's.
separated <- function(x, y, w) {
  y <- y[w > 0, ]
  x <- x[w > 0, ]
  w <- w[w > 0]
  q <- qr.Q(qr(x, tol = 1e-14))
  g <- matrix(0, ncol(q), ncol(y) - 1)
  for (iteration in seq_len(25)) {
    step <- matrix(solve(information(q, w, g), colSums(w * row_scores(q, y, g)), tol = 1e-30), nrow(g))
    while (log_likelihood(q, y, w, g + step) < log_likelihood(q, y, w, g) - 1e-9) step <- step / 2
    g <- g + step
  }
  if (min(eigen(information(q, w, g), symmetric = TRUE)$values) > 1e-6) return(FALSE)
  eta <- cbind(0, q %*% step)
  own <- rowSums(y * eta)
  margin <- own - apply(ifelse(y == 1, -Inf, eta), 1, max)
  gain <- own - apply(ifelse(y == 1, Inf, eta), 1, min)
  stopifnot(min(margin) > -1e-6 * max(abs(step)), max(gain) > 0.1 * max(abs(step)))
  TRUE
}

# ---- under linear constraints ------------------------------------------------------------------------------

# Maximum likelihood under `left` vec(B) = `right`: Newton's method in the null space of the constraints.
fit_constrained <- function(x, y, w, left, right, tolerance = 1e-13, limit = 60) {
  decomposition <- qr(x * sqrt(w / sum(w)), tol = 1e-14)
  r <- qr.R(decomposition)
  back <- backsolve(r, diag(ncol(x)))
  q <- x %*% back
  left <- left %*% (diag(ncol(y) - 1) %x% back)
  scale <- sqrt(rowSums(left^2))
  left <- left / scale
  right <- right / scale
  rows <- qr(t(left), tol = 1e-10)
  stopifnot(rows$rank == nrow(left))
  free <- qr.Q(rows, complete = TRUE)[, -seq_len(nrow(left)), drop = FALSE]
  g <- matrix(t(left) %*% solve(tcrossprod(left), right), ncol(x))
  value <- log_likelihood(q, y, w, g)
  for (iteration in seq_len(limit)) {
    gradient <- crossprod(free, colSums(w * row_scores(q, y, g)))
    if (max(abs(gradient)) / sum(w) < tolerance) break
    step <- matrix(free %*% solve(crossprod(free, information(q, w, g) %*% free), gradient), nrow(g))
    size <- 1
    while (log_likelihood(q, y, w, g + size * step) < value - 1e-9 * abs(value)) size <- size / 2
    g <- g + size * step
    value <- log_likelihood(q, y, w, g)
  }
  stopifnot(max(abs(gradient)) / sum(w) < tolerance, max(abs(left %*% as.vector(g) - right)) < 1e-10)
  list(b = backsolve(r, g), log_likelihood = value)
}

# Cameron, Gelbach and Miller (2011): V_a + V_b - V_ab, ab the clusters that both make together, each times its own
# G / (G - 1). No negative eigenvalue is mended.
two_way_covariance <- function(x, y, w, fit, first, second) {
  one <- function(cluster) {
    groups <- length(unique(cluster))
    clustered_covariance(x, y, w, fit, cluster) * groups / (groups - 1)
  }
  one(first) + one(second) - one(interaction(first, second, drop = TRUE))
}
