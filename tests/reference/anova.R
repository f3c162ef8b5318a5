# Tests of whole terms, types I, II and III: likelihood-ratio, Wald and score.
#
# Each type compares, for a term, a larger model with the one that lacks the term's columns. The larger one
# holds: I, the terms before it and itself; II, all terms but those that contain it; III, all terms.

contains <- function(larger, smaller) {
  all(strsplit(smaller, ":")[[1]] %in% strsplit(larger, ":")[[1]]) && larger != smaller
}

# The terms of each term's larger model, as numbers.
larger_models <- function(m, type) {
  all <- seq_along(m$terms)
  lapply(all, function(t) switch(type,
    I = seq_len(t), II = which(!vapply(m$terms, contains, TRUE, smaller = m$terms[t])), III = all
  ))
}

columns_of <- function(m, terms) m$assign %in% c(0, terms)

# `value(kept)` is the log-likelihood of the model with these terms, the intercept always among them.
lr_statistics <- function(m, type, value = function(kept) {
                            fit_multinomial(m$x[, columns_of(m, kept), drop = FALSE], m$y, m$w)$log_likelihood
                          }) {
  larger <- larger_models(m, type)
  vapply(seq_along(m$terms), function(t) 2 * (value(larger[[t]]) - value(setdiff(larger[[t]], t))), 0)
}

# From the fit of all terms alone: W(term and those outside its larger model) - W(those outside), which is the
# Wald statistic of the term once the others are set to zero; type II as in car::Anova.
wald_statistics <- function(m, fit, type) {
  in_terms <- function(chosen) rep(m$assign %in% chosen, length(m$classes) - 1)
  larger <- larger_models(m, type)
  vapply(seq_along(m$terms), function(t) {
    outside <- setdiff(seq_along(m$terms), larger[[t]])
    wald(as.vector(fit$b), fit$covariance, in_terms(c(t, outside))) -
      wald(as.vector(fit$b), fit$covariance, in_terms(outside))
  }, 0)
}

# s' I^-1 s: score and information of the larger model at the smaller one's estimates, in orthonormal columns.
score_statistics <- function(m, type) {
  larger <- larger_models(m, type)
  vapply(seq_along(m$terms), function(t) {
    x <- m$x[, columns_of(m, larger[[t]]), drop = FALSE]
    kept <- columns_of(m, setdiff(larger[[t]], t))[columns_of(m, larger[[t]])]
    b <- matrix(0, ncol(x), ncol(m$y) - 1)
    b[kept, ] <- fit_multinomial(x[, kept, drop = FALSE], m$y, m$w)$b
    score_statistic(x, m$y, m$w, b)
  }, 0)
}

score_statistic <- function(x, y, w, b) {
  decomposition <- qr(x, tol = 1e-14)
  q <- qr.Q(decomposition)
  b <- qr.R(decomposition) %*% b
  score <- colSums(w * row_scores(q, y, b))
  drop(score %*% solve(information(q, w, b), score))
}

anova_table <- function(m, fit) {
  df <- as.integer(table(factor(m$assign, seq_along(m$terms)))) * (length(m$classes) - 1L)
  lr <- lapply(c(I = "I", II = "II", III = "III"), function(type) lr_statistics(m, type))
  statistic <- lapply(c(I = "I", II = "II", III = "III"), function(type) wald_statistics(m, fit, type))
  score <- lapply(c(I = "I", II = "II", III = "III"), function(type) score_statistics(m, type))
  check_car_anova(m, lr)
  check_nnet_anova(m, lr$I)
  data.frame(
    term = m$terms, lr_chisq = lr$II, wald_chisq = statistic$II, df = df,
    lr_log10_p = log10_chisq(lr$II, df), wald_log10_p = log10_chisq(statistic$II, df),
    wald_chisq_type_three = statistic$III, score_chisq = score$II, score_log10_p = log10_chisq(score$II, df),
    lr_chisq_type_one = lr$I, wald_chisq_type_one = statistic$I, score_chisq_type_one = score$I,
    lr_chisq_type_three = lr$III, score_chisq_type_three = score$III
  )
}

# ---- checks against the packages ---------------------------------------------------------------------------

fit_nnet <- function(m, formula = m$formula) {
  frame <- m$frame
  environment(formula) <- globalenv()
  eval(bquote(multinom(.(formula), frame, weights = frequency_, trace = FALSE, maxit = 20000, MaxNWts = 5000,
    abstol = 0, reltol = 1e-15)))
}

# car::Anova refits with nnet's default tolerance, hence 1e-3.
check_car_anova <- function(m, lr) {
  for (type in c("II", "III")) {
    other <- local({
      frequency_ <- m$w
      model <- eval(bquote(multinom(.(m$formula), m$frame, weights = frequency_, trace = FALSE, maxit = 20000,
        abstol = 0, reltol = 1e-15)))
      sink(nullfile())
      on.exit(sink())
      car::Anova(model, type = type)
    })
    found <- other[m$terms, "LR Chisq"]
    expect_close((found - lr[[type]]) / pmax(lr[[type]], 0.1), 0, 1e-3, paste("car::Anova, type", type))
  }
}

# stats::anova of the nested nnet fits, each at a tight tolerance.
check_nnet_anova <- function(m, lr) {
  right <- Reduce(function(so_far, term) paste(so_far, "+", term), m$terms, "1", accumulate = TRUE)
  response <- all.vars(m$formula)[1]
  fits <- lapply(right, function(terms) fit_nnet(m, as.formula(paste(response, "~", terms))))
  found <- -diff(vapply(fits, deviance, 0))
  expect_close((found - lr) / pmax(lr, 0.1), 0, 1e-6, "successive deviances of nnet")
}

# Two classes with an interaction: car's Wald and likelihood-ratio tests and R's own score tests of a binomial glm.
check_two_classes <- function(formula) {
  m <- prepare(problem(birthwt()$frame, formula), "birthwt")
  fit <- fit_multinomial(m$x, m$y, m$w)
  frame <- transform(m$frame, high = m$y[, 2])
  model <- glm(update(m$formula, high ~ .), binomial, frame, epsilon = 1e-15, maxit = 100)
  for (type in c("II", "III")) {
    other <- car::Anova(model, type = type, test.statistic = "Wald")
    expect_close(other[m$terms, "Chisq"] / wald_statistics(m, fit, type), 1, 1e-6, paste("car Wald, type", type))
    other <- car::Anova(model, type = type, test.statistic = "LR")
    expect_close(other[m$terms, "LR Chisq"] / lr_statistics(m, type), 1, 1e-6, paste("car LR, type", type))
  }
  other <- anova(model, test = "Rao")
  expect_close(other[m$terms, "Rao"] / score_statistics(m, "I"), 1, 1e-6, "anova.glm, Rao")
  other <- drop1(model, scope = m$terms, test = "Rao")
  expect_close(other[m$terms, "Rao score"] / score_statistics(m, "III"), 1, 1e-6, "drop1.glm, Rao")
  other <- drop1(model, test = "Rao") # only the terms that no other contains: there type II is the same
  expect_close(
    other[-1, "Rao score"] / score_statistics(m, "II")[match(rownames(other)[-1], m$terms)], 1, 1e-6, "drop1.glm, Rao"
  )
}

# One factor alone, many classes: the score statistic is Pearson's chi-square of the table.
check_pearson <- function() {
  m <- prepare(problem(ces11()$frame, "education ~ C(importance)"), "ces11")
  other <- suppressWarnings(chisq.test(table(m$frame$education, m$frame$importance), correct = FALSE))
  expect_close(score_statistics(m, "II") / unname(other$statistic), 1, 1e-10, "Pearson's chi-square")
}
