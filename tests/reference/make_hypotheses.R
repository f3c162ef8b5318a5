# Writes the tests of linear hypotheses next to this script: Rscript tests/reference/make_hypotheses.R
#
# hypotheses.csv: hypotheses in words, each with its Wald, likelihood-ratio and score statistic. The constraints are
# given here as numbers, not parsed from the words. NAME_combine.csv: for each pair of classes, the Wald test that
# all slopes are equal, which is Stata's `mlogtest, combine`.

suppressMessages({
  library(VGAM)
  library(car)
})

arguments <- commandArgs(trailingOnly = FALSE)
source(file.path(dirname(sub("^--file=", "", grep("^--file=", arguments, value = TRUE))), "common.R"))
source(file.path(here, "anova.R"))

# One equation: sum of factor x column = equals, in one class or (`class` not given) in every class.
part <- function(factor, column, class = NA_character_) list(factor = factor, column = column, class = class)
equation <- function(..., equals = 0) list(parts = list(...), equals = equals)
hypothesis <- function(name, words, ..., reference = "") {
  list(name = name, words = words, equations = list(...), reference = reference)
}

hypotheses <- list(
  hypothesis("womenlf", "hincome = 0", equation(part(1, "hincome"))),
  hypothesis("womenlf", "C(region)[T.Ontario] = C(region)[T.Quebec], hincome = 0",
    equation(part(1, "C(region)[T.Ontario]"), part(-1, "C(region)[T.Quebec]")), equation(part(1, "hincome"))
  ),
  hypothesis("womenlf", "[parttime]hincome = [not.work]hincome",
    equation(part(1, "hincome", "parttime"), part(-1, "hincome", "not.work")),
    reference = "fulltime"
  ),
  hypothesis("womenlf", "[parttime]hincome = 0", equation(part(1, "hincome", "parttime")), reference = "not.work"),
  hypothesis("beps", "economic_cond_national = economic_cond_household, Blair = Kennedy",
    equation(part(1, "economic_cond_national"), part(-1, "economic_cond_household")),
    equation(part(1, "Blair"), part(-1, "Kennedy"))
  ),
  hypothesis("beps", "Blair + Hague = 0", equation(part(1, "Blair"), part(1, "Hague"))),
  hypothesis("beps", "2 * Europe = Hague", equation(part(2, "Europe"), part(-1, "Hague"))),
  hypothesis("beps", "[Labour]Blair = [Liberal Democrat]Blair, [Labour]Hague = [Liberal Democrat]Hague",
    equation(part(1, "Blair", "Labour"), part(-1, "Blair", "Liberal Democrat")),
    equation(part(1, "Hague", "Labour"), part(-1, "Hague", "Liberal Democrat")),
    reference = "Conservative"
  ),
  hypothesis("chile", "population = 0, age = 0, income = 0",
    equation(part(1, "population")), equation(part(1, "age")), equation(part(1, "income"))
  ),
  hypothesis("chile", "[N]age = [Y]age, [U]income = 0",
    equation(part(1, "age", "N"), part(-1, "age", "Y")), equation(part(1, "income", "U")),
    reference = "A"
  ),
  hypothesis("chile", "[Y]statusquo = 3", equation(part(1, "statusquo", "Y"), equals = 3), reference = "N"),
  hypothesis("ces11", "C(gender)[T.Male] = 0, C(urban)[T.urban] = 0",
    equation(part(1, "C(gender)[T.Male]")), equation(part(1, "C(urban)[T.urban]"))
  ),
  hypothesis("ces11", "C(importance)[T.notvery] = C(importance)[T.somewhat]",
    equation(part(1, "C(importance)[T.notvery]"), part(-1, "C(importance)[T.somewhat]"))
  ),
  hypothesis("ces11", "[bachelors]C(abortion)[T.Yes] = [college]C(abortion)[T.Yes]",
    equation(part(1, "C(abortion)[T.Yes]", "bachelors"), part(-1, "C(abortion)[T.Yes]", "college")),
    reference = "HS"
  ),
  hypothesis("housing", "C(type)[T.Atrium] = C(type)[T.Terrace]",
    equation(part(1, "C(type)[T.Atrium]"), part(-1, "C(type)[T.Terrace]"))
  ),
  hypothesis("housing", "C(influence)[T.Low]:C(contact)[T.Low] = 0, C(influence)[T.Medium]:C(contact)[T.Low] = 0",
    equation(part(1, "C(influence)[T.Low]:C(contact)[T.Low]")),
    equation(part(1, "C(influence)[T.Medium]:C(contact)[T.Low]"))
  ),
  hypothesis("birthwt", "smoke = ui, ht = 1",
    equation(part(1, "smoke"), part(-1, "ui")), equation(part(1, "ht"), equals = 1), reference = "normal"
  ),
  hypothesis("alligators", "[Bird]C(size)[T.small] = [Reptile]C(size)[T.small]",
    equation(part(1, "C(size)[T.small]", "Bird"), part(-1, "C(size)[T.small]", "Reptile")),
    reference = "Fish"
  )
)

# The constraints on the coefficients of all classes against `reference`, mapped to those against the first class.
constraints <- function(m, test) {
  base <- if (test$reference == "") 1 else match(test$reference, m$classes)
  p <- ncol(m$x)
  rows <- list()
  right <- NULL
  for (line in test$equations) {
    everywhere <- all(is.na(vapply(line$parts, `[[`, NA_character_, "class")))
    for (class in if (everywhere) m$classes[-base] else NA) {
      row <- numeric(p * length(m$classes))
      for (piece in line$parts) {
        at <- c(match(if (everywhere) class else piece$class, m$classes), match(piece$column, m$columns))
        stopifnot(!anyNA(at))
        row[(at[1] - 1) * p + at[2]] <- piece$factor
      }
      rows <- c(rows, list(row))
      right <- c(right, line$equals)
    }
  }
  list(left = do.call(rbind, rows) %*% rebase(p, length(m$classes), base), right = right)
}

# car::linearHypothesis, with VGAM's coefficients and covariance.
fit_vgam <- function(m) {
  used <- m$frame[m$frame$frequency_ > 0, ]
  fit <- suppressWarnings(vglm(update(m$formula, factor(.) ~ .), multinomial(refLevel = 1), used,
    weights = frequency_, criterion = "coefficients", epsilon = 1e-13, maxit = 100
  ))
  order <- as.vector(matrix(seq_along(coef(fit)), ncol(m$x), byrow = TRUE)) # from classes first to columns first
  list(fit = fit, estimate = coef(fit)[order], covariance = vcov(fit)[order, order])
}

check_car <- function(other, left, right, statistic) {
  scale <- sqrt(diag(left %*% other$covariance %*% t(left))) # car inverts them as they are: 1 to 250,000
  found <- car::linearHypothesis.default(other$fit, left / scale, right / scale,
    test = "Chisq", vcov. = other$covariance, coef. = other$estimate
  )
  expect_close(found[2, "Chisq"] / statistic, 1, 1e-7, "car::linearHypothesis")
}

test_hypothesis <- function(m, fit, other, test) {
  given <- constraints(m, test)
  difference <- drop(given$left %*% as.vector(fit$b)) - given$right
  statistic <- wald(difference, given$left %*% fit$covariance %*% t(given$left))
  worst <- check_car(other, given$left, given$right, statistic)
  restricted <- fit_constrained(m$x, m$y, m$w, given$left, given$right)
  df <- nrow(given$left)
  lr <- 2 * (fit$log_likelihood - restricted$log_likelihood)
  score <- score_statistic(m$x, m$y, m$w, restricted$b)
  cat(sprintf("%-10s df %2d  wald %10.4f  lr %10.4f  score %10.4f  car %.1e  %s\n", m$name, df, statistic, lr, score,
    worst, test$words))
  data.frame(
    name = m$name, hypothesis = test$words, reference = test$reference, df = df, wald_chisq = statistic,
    wald_log10_p = log10_chisq(statistic, df), lr_chisq = lr, lr_log10_p = log10_chisq(lr, df),
    score_chisq = score, score_log10_p = log10_chisq(score, df)
  )
}

combine_table <- function(m, fit, other) {
  pairs <- t(combn(length(m$classes), 2))
  map <- rebase(ncol(m$x), length(m$classes), 1)
  slopes <- which(m$assign > 0)
  statistic <- apply(pairs, 1, function(pair) {
    rows <- lapply(pair, function(k) map[(k - 1) * ncol(m$x) + slopes, , drop = FALSE])
    left <- rows[[1]] - rows[[2]]
    statistic <- wald(drop(left %*% as.vector(fit$b)), left %*% fit$covariance %*% t(left))
    check_car(other, left, numeric(nrow(left)), statistic)
    statistic
  })
  log10_p <- log10_chisq(statistic, length(slopes))
  data.frame(
    first = m$classes[pairs[, 1]], second = m$classes[pairs[, 2]], statistic = statistic, df = length(slopes),
    log10_p = log10_p, p_adjusted = p.adjust(10^log10_p, "BH")
  )
}

# A hypothesis that one term is zero must give that term's tests.
check_against_anova <- function(m, row) {
  expect_close(row$lr_chisq / lr_statistics(m, "III")[1], 1, 1e-9, "constrained fit against dropped columns")
  expect_close(row$score_chisq / score_statistics(m, "III")[1], 1, 1e-9, "score at the constrained fit")
}

tables <- lapply(unique(vapply(hypotheses, `[[`, "", "name")), function(name) {
  m <- prepare(problems[[name]](), name)
  fit <- fit_multinomial(m$x, m$y, m$w)
  other <- fit_vgam(m)
  write_table(combine_table(m, fit, other), name, "_combine")
  mine <- Filter(function(test) test$name == name, hypotheses)
  table <- do.call(rbind, lapply(mine, function(test) test_hypothesis(m, fit, other, test)))
  if (name == "womenlf") check_against_anova(m, table[1, ])
  table
})
write_table(do.call(rbind, tables), "hypotheses")
