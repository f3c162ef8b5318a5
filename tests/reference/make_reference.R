# Writes the reference fits next to this script: Rscript tests/reference/make_reference.R
#
# Every number written comes from multinomial.R and is checked here against nnet, VGAM, car and (two classes)
# glm, each to the accuracy that package reaches; any disagreement stops the script.

suppressMessages({
  library(nnet)
  library(VGAM)
  library(car)
})
invisible(Sys.setlocale("LC_COLLATE", "C")) # levels and classes in the order of Python's sorted()
options(contrasts = c("contr.treatment", "contr.poly"), digits = 17)

C <- function(x) factor(x) # formulaic's C(): any column, numbers too, becomes a factor

arguments <- commandArgs(trailingOnly = FALSE)
here <- dirname(normalizePath(sub("^--file=", "", grep("^--file=", arguments, value = TRUE))))
source(file.path(here, "multinomial.R"))
source(file.path(here, "problems.R"))

write_table <- function(frame, ...) {
  numeric <- vapply(frame, is.double, TRUE)
  frame[numeric] <- lapply(frame[numeric], formatC, digits = 17, format = "g", width = 1)
  write.csv(frame, file.path(here, paste0(..., ".csv")), row.names = FALSE, quote = FALSE)
}

# Data go through the file first (15 digits), so that R fits the very numbers that Python will read.
through_file <- function(frame, name) {
  path <- file.path(here, paste0(name, ".csv"))
  write.csv(frame, path, row.names = FALSE, quote = FALSE)
  read.csv(path, na.strings = "", stringsAsFactors = TRUE)
}

# "C(region)BC" -> "C(region)[T.BC]", within interactions too.
python_names <- function(columns) gsub("(C\\(\\w+\\))([^:]+)", "\\1[T.\\2]", columns)

expect_close <- function(found, expected, tolerance, what) {
  worst <- max(abs(found - expected))
  if (!(worst <= tolerance)) stop(what, ": ", format(worst, digits = 3), " > ", tolerance)
  invisible(worst)
}

prepare <- function(problem, name) {
  frame <- through_file(problem$frame, name)
  formula <- as.formula(problem$formula)
  response <- factor(frame[[all.vars(formula)[1]]])
  x <- model.matrix(formula, frame)
  w <- if (problem$weights == "") rep(1, nrow(frame)) else as.double(frame[[problem$weights]])
  frame$frequency_ <- w
  list(
    name = name, problem = problem, frame = frame, formula = formula, x = x, w = w,
    y = outer(as.integer(response), seq_len(nlevels(response)), "==") * 1, classes = levels(response),
    terms = attr(terms(formula), "term.labels"), assign = attr(x, "assign"),
    columns = python_names(colnames(x))
  )
}

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

fit_nnet <- function(m) {
  multinom(m$formula, m$frame, weights = frequency_, trace = FALSE, maxit = 20000, abstol = 0, reltol = 1e-15)
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

# car::Anova refits with nnet's default tolerance, hence 1e-3.
check_car_anova <- function(m, lr) {
  other <- local({
    frequency_ <- m$w
    model <- eval(bquote(multinom(.(m$formula), m$frame, weights = frequency_, trace = FALSE, maxit = 20000,
      abstol = 0, reltol = 1e-15)))
    sink(nullfile())
    on.exit(sink())
    car::Anova(model, type = "II")
  })
  stopifnot(identical(rownames(other), m$terms))
  expect_close(other[["LR Chisq"]] / lr, 1, 1e-3, "car::Anova")
}

# ---- tables ------------------------------------------------------------------------------------------------

# Map from the coefficients against the first class to those against another, or to the centred ones.
rebase <- function(p, classes, reference) {
  all <- rbind(0, diag(classes - 1)) # vec of all classes' coefficients from the K - 1 free ones
  base <- if (is.na(reference)) colMeans(all) else all[reference, ]
  sweep(all, 2, base) %x% diag(p)
}

log10_normal <- function(z) (log(2) + pnorm(-abs(z), log.p = TRUE)) / log(10)
log10_chisq <- function(x, df) pchisq(x, df, lower.tail = FALSE, log.p = TRUE) / log(10)

coefficient_table <- function(m, fit, covariance, reference, label) {
  map <- rebase(ncol(m$x), length(m$classes), reference)
  estimate <- as.vector(map %*% as.vector(fit$b))
  std_error <- sqrt(pmax(diag(map %*% covariance %*% t(map)), 0))
  table <- data.frame(
    reference = label, class = rep(m$classes, each = ncol(m$x)), term = m$columns, estimate = estimate,
    std_error = std_error, log10_p = log10_normal(estimate / std_error)
  )
  table[!table$class %in% m$classes[reference], ]
}

all_coefficients <- function(m, fit) {
  last <- length(m$classes)
  rbind(
    coefficient_table(m, fit, fit$covariance, 1, m$classes[1]),
    coefficient_table(m, fit, fit$covariance, last, m$classes[last]),
    coefficient_table(m, fit, fit$covariance, NA, "symmetric")
  )
}

contains <- function(larger, smaller) {
  all(strsplit(smaller, ":")[[1]] %in% strsplit(larger, ":")[[1]]) && larger != smaller
}

relatives <- function(m) {
  lapply(m$terms, function(term) which(vapply(m$terms, contains, TRUE, smaller = term)))
}

wald <- function(b, covariance, keep) {
  if (!any(keep)) return(0)
  drop(b[keep] %*% solve(covariance[keep, keep], b[keep]))
}

# Type II: a term given all others but those that contain it. With interactions the Wald statistic of a main
# effect is what remains of it beside them: W(term and relatives) - W(relatives), as car::Anova has it.
wald_type_two <- function(m, fit) {
  in_terms <- function(chosen) rep(m$assign %in% chosen, length(m$classes) - 1)
  above <- relatives(m)
  vapply(seq_along(m$terms), function(t) {
    wald(as.vector(fit$b), fit$covariance, in_terms(c(t, above[[t]]))) -
      wald(as.vector(fit$b), fit$covariance, in_terms(above[[t]]))
  }, 0)
}

# Type III: a term given all others, in treatment coding.
wald_type_three <- function(m, fit) {
  in_term <- function(t) rep(m$assign == t, length(m$classes) - 1)
  vapply(seq_along(m$terms), function(t) wald(as.vector(fit$b), fit$covariance, in_term(t)), 0)
}

lr_type_two <- function(m) {
  value <- function(dropped) {
    fit_multinomial(m$x[, !m$assign %in% dropped, drop = FALSE], m$y, m$w)$log_likelihood
  }
  above <- relatives(m)
  vapply(seq_along(m$terms), function(t) 2 * (value(above[[t]]) - value(c(t, above[[t]]))), 0)
}

anova_table <- function(m, fit) {
  lr <- lr_type_two(m)
  check_car_anova(m, lr)
  statistic <- wald_type_two(m, fit)
  df <- as.integer(table(factor(m$assign, seq_along(m$terms)))) * (length(m$classes) - 1L)
  data.frame(
    term = m$terms, lr_chisq = lr, wald_chisq = statistic, df = df, lr_log10_p = log10_chisq(lr, df),
    wald_log10_p = log10_chisq(statistic, df), wald_chisq_type_three = wald_type_three(m, fit)
  )
}

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
  df <- as.integer(table(factor(m$assign, seq_along(m$terms))))
  design <- unname(found[m$terms])
  data.frame(
    term = m$terms, gvif = design, df = df, gvif_adjusted = design^(1 / (2 * df)),
    coefficient_gvif = coefficients, coefficient_df = df * (length(m$classes) - 1L)
  )
}

additive_unweighted <- function(m) m$problem$weights == "" && !any(grepl(":", m$terms)) && length(m$terms) > 1

# The type II Wald statistic under marginality, against car on a two-class model with an interaction.
check_wald_type_two <- function() {
  m <- prepare(problem(birthwt()$frame, "low ~ lwt + C(race) + smoke + C(race):smoke"), "birthwt")
  fit <- fit_multinomial(m$x, m$y, m$w)
  frame <- transform(m$frame, high = m$y[, 2])
  model <- glm(high ~ lwt + C(race) + smoke + C(race):smoke, binomial, frame, epsilon = 1e-15, maxit = 100)
  other <- car::Anova(model, type = "II", test.statistic = "Wald")
  expect_close(other[m$terms, "Chisq"] / wald_type_two(m, fit), 1, 1e-6, "car::Anova, type II Wald")
  other <- car::Anova(model, type = "III", test.statistic = "Wald")
  expect_close(other[m$terms, "Chisq"] / wald_type_three(m, fit), 1, 1e-6, "car::Anova, type III Wald")
  other <- car::Anova(model, type = "II", test.statistic = "LR")
  expect_close(other[m$terms, "LR Chisq"] / lr_type_two(m), 1, 1e-6, "car::Anova, type II LR")
}

check_wald_type_two()
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
