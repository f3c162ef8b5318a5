# Writes the reference fits next to this script: Rscript tests/reference/make_reference.R
#
# Every number written comes from multinomial.R and is checked here against nnet, VGAM, car and (two classes)
# glm, each to the accuracy that package reaches; any disagreement stops the script.

suppressMessages({
  library(nnet)
  library(VGAM)
  library(car)
})

arguments <- commandArgs(trailingOnly = FALSE)
source(file.path(dirname(sub("^--file=", "", grep("^--file=", arguments, value = TRUE))), "common.R"))
source(file.path(here, "anova.R"))

# ---- checks against the packages ---------------------------------------------------------------------------

# Row scores against central differences of the rows' log-likelihoods: what the sandwiches are built from.
check_scores <- function(m, fit) {
  scores <- row_scores(m$x, m$y, fit$b)
  se <- sqrt(diag(fit$covariance))
  for (parameter in seq_along(fit$b)) {
    moved <- function(size) {
      b <- fit$b
      b[parameter] <- b[parameter] + size * se[parameter]
      row_log_likelihood(m$x, m$y, b)
    }
    slope <- (moved(1e-4) - moved(-1e-4)) / 2e-4
    expect_close(slope, scores[, parameter] * se[parameter], 1e-7, "row scores against differences")
  }
}

check_vgam <- function(m, fit) {
  used <- m$frame[m$frame$frequency_ > 0, ]
  formula <- update(m$formula, factor(.) ~ .)
  other <- suppressWarnings(vglm(formula, multinomial(refLevel = 1), used,
    weights = frequency_, criterion = "coefficients", epsilon = 1e-13, maxit = 100
  ))
  se <- matrix(sqrt(diag(fit$covariance)), ncol(m$x))
  found <- coef(other, matrix = TRUE)
  estimate <- expect_close(found / se, fit$b / se, 1e-8, "VGAM coefficients, in standard errors")
  order <- as.vector(t(matrix(seq_along(se), nrow(se)))) # VGAM runs over classes first
  scale <- sqrt(diag(fit$covariance))[order]
  covariance <- expect_close(
    vcov(other) / tcrossprod(scale), fit$covariance[order, order] / tcrossprod(scale), 1e-7, "VGAM vcov"
  )
  expect_close(logLik(other) / fit$log_likelihood, 1, 1e-12, "VGAM logLik")
  c(vgam_estimate = estimate, vgam_covariance = covariance)
}

check_nnet <- function(m, fit) {
  other <- fit_nnet(m)
  se <- matrix(sqrt(diag(fit$covariance)), ncol(m$x))
  found <- t(matrix(coef(other), length(m$classes) - 1))
  likelihood <- expect_close(as.numeric(logLik(other)) / fit$log_likelihood, 1, 1e-9, "nnet logLik")
  c(nnet_estimate = expect_close(found / se, fit$b / se, 1e-3, "nnet coefficients, in standard errors"),
    nnet_likelihood = likelihood)
}

check_glm <- function(m, fit) {
  if (length(m$classes) != 2) return(invisible())
  other <- glm(m$y[, 2] ~ m$x - 1, binomial, weights = m$w, epsilon = 1e-15, maxit = 100)
  se <- sqrt(diag(fit$covariance))
  expect_close(coef(other) / se, fit$b / se, 1e-8, "glm coefficients, in standard errors")
  expect_close(sqrt(diag(vcov(other))) / se, 1, 1e-7, "glm standard errors")
}

# ---- tables ------------------------------------------------------------------------------------------------

fit_table <- function(m, fit) {
  total <- colSums(m$w * m$y)
  data.frame(
    formula = m$problem$formula, weights = m$problem$weights, clusters = m$problem$clusters,
    log_likelihood = fit$log_likelihood, null_log_likelihood = sum(total * log(total / sum(total))),
    df = length(fit$b), nobs = as.integer(sum(m$w)), deviance = -2 * fit$log_likelihood
  )
}

robust_table <- function(m, fit) {
  table <- coefficient_table(m, fit, robust_covariance(m$x, m$y, m$w, fit), 1, m$classes[1])
  table <- data.frame(class = table$class, term = table$term, hc0_std_error = table$std_error)
  if (m$problem$clusters != "") {
    covariance <- clustered_covariance(m$x, m$y, m$w, fit, m$frame[[m$problem$clusters]])
    clustered <- coefficient_table(m, fit, covariance, 1, m$classes[1])
    table$clustered_std_error <- clustered$std_error
  }
  table
}

# Generalised variance inflation of the design (car::vif of a linear model on the same columns) and of the
# coefficients: all classes' slopes of a term taken together.
gvif_table <- function(m, fit) {
  frame <- transform(m$frame, any_ = seq_len(nrow(m$frame)) %% 7) # vif() looks at the columns only
  linear <- lm(update(m$formula, any_ ~ .), frame)
  found <- car::vif(linear)
  found <- if (is.matrix(found)) found[, "GVIF"] else found
  slopes <- rep(m$assign > 0, length(m$classes) - 1)
  correlation <- cov2cor(fit$covariance[slopes, slopes])
  term <- rep(m$assign, length(m$classes) - 1)[slopes]
  coefficients <- vapply(seq_along(m$terms), function(t) {
    det(correlation[term == t, term == t, drop = FALSE]) *
      det(correlation[term != t, term != t, drop = FALSE]) / det(correlation)
  }, 0)
  if (length(m$classes) == 2) { # where vif() of the fit itself is defined
    binomial <- glm(update(m$formula, I(m$y[, 2]) ~ .), "binomial", frame, epsilon = 1e-15, maxit = 100)
    own <- car::vif(binomial)
    own <- if (is.matrix(own)) own[, "GVIF"] else own
    expect_close(own[m$terms] / coefficients, 1, 1e-8, "car::vif of the binomial model")
  }
  df <- as.integer(table(factor(m$assign, seq_along(m$terms))))
  design <- unname(found[m$terms])
  data.frame(
    term = m$terms, gvif = design, df = df, gvif_adjusted = design^(1 / (2 * df)),
    coefficient_gvif = coefficients, coefficient_df = df * (length(m$classes) - 1L)
  )
}

additive_unweighted <- function(m) m$problem$weights == "" && !any(grepl(":", m$terms)) && length(m$terms) > 1

for (coding in c("C(race)", "C(race, contr.sum)")) {
  check_two_classes(sprintf("low ~ lwt + %s + smoke + %s:smoke", coding, coding))
}
check_pearson()
for (name in names(problems)) {
  m <- prepare(problems[[name]](), name)
  fit <- fit_multinomial(m$x, m$y, m$w)
  checks <- c(mean_gradient = fit$mean_gradient, check_vgam(m, fit), check_nnet(m, fit))
  check_glm(m, fit)
  check_scores(m, fit)
  write_table(all_coefficients(m, fit), name, "_coefficients")
  write_table(fit_table(m, fit), name, "_fit")
  write_table(anova_table(m, fit), name, "_anova")
  write_table(robust_table(m, fit), name, "_robust")
  if (additive_unweighted(m)) write_table(gvif_table(m, fit), name, "_gvif")
  cat(sprintf("%-11s n %6d  K %d  p %2d ", name, as.integer(sum(m$w)), length(m$classes), ncol(m$x)),
    paste(names(checks), format(checks, digits = 2), collapse = "  "), "\n")
}

# Models with interactions, in sum contrasts, in which type III says something about main effects.
for (name in names(crossed)) {
  m <- prepare(crossed[[name]](), crossed[[name]]()$data)
  fit <- fit_multinomial(m$x, m$y, m$w)
  check_nnet(m, fit)
  write_table(anova_table(m, fit), name, "_anova")
}
write_table(do.call(rbind, lapply(names(crossed), function(name) {
  with(crossed[[name]](), data.frame(name = name, data = data, formula = formula, weights = weights))
})), "crossed")
