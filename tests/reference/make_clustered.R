# Writes covariances by clusters in two ways next to this script: Rscript tests/reference/make_clustered.R
#
# NAME_clusters.csv: the clusters of each row. NAME_clustered.csv: standard errors by the first way, by the second,
# and by both, with the factors G / (G - 1), against the first class. NAME_clustered_terms.csv: Wald tests of whole
# terms from these covariances.

suppressMessages(library(sandwich))

arguments <- commandArgs(trailingOnly = FALSE)
source(file.path(dirname(sub("^--file=", "", grep("^--file=", arguments, value = TRUE))), "common.R"))
source(file.path(here, "anova.R"))

# Brute force: every pair of rows that share a cluster in either way, one by one. Without factors.
check_pairs <- function(m, fit, ways) {
  scores <- m$w * row_scores(m$x, m$y, fit$b)
  share <- outer(ways$first, ways$first, "==") | outer(ways$second, ways$second, "==")
  found <- fit$covariance %*% crossprod(scores, share %*% scores) %*% fit$covariance
  one <- function(cluster) clustered_covariance(m$x, m$y, m$w, fit, cluster)
  expected <- one(ways$first) + one(ways$second) - one(interaction(ways$first, ways$second, drop = TRUE))
  scale <- tcrossprod(sqrt(diag(found)))
  expect_close(found / scale, expected / scale, 1e-9, "pairs of rows that share a cluster")
}

# Two classes: sandwich::vcovCL of a binomial glm, whose terms carry G / (G - 1) each.
check_sandwich <- function(m, found, ways) {
  if (length(m$classes) != 2) return(NA)
  high <- m$y[, 2]
  model <- glm(high ~ m$x - 1, binomial, weights = m$w, epsilon = 1e-15, maxit = 100)
  other <- vcovCL(model, cluster = as.data.frame(lapply(ways, function(way) as.integer(factor(way)))),
    type = "HC0", cadjust = TRUE, fix = FALSE
  )
  scale <- tcrossprod(sqrt(diag(found)))
  expect_close(unname(other) / scale, found / scale, 1e-7, "sandwich::vcovCL")
}

for (name in names(two_ways)) {
  m <- prepare(problems[[name]](), name)
  fit <- fit_multinomial(m$x, m$y, m$w)
  ways <- lapply(two_ways[[name]](m$frame), as.character)
  write_table(as.data.frame(ways), name, "_clusters")
  factor_of <- function(cluster) length(unique(cluster)) / (length(unique(cluster)) - 1)
  one <- lapply(ways, function(way) clustered_covariance(m$x, m$y, m$w, fit, way) * factor_of(way))
  both <- two_way_covariance(m$x, m$y, m$w, fit, ways$first, ways$second)
  check_pairs(m, fit, ways)
  against <- check_sandwich(m, both, ways)
  smallest <- min(eigen(both / tcrossprod(sqrt(diag(both))), symmetric = TRUE)$values)
  stopifnot(smallest > 0)
  table <- coefficient_table(m, fit, both, 1, m$classes[1])[c("class", "term")]
  errors <- lapply(c(one, list(both = both)), function(v) coefficient_table(m, fit, v, 1, m$classes[1])$std_error)
  write_table(
    cbind(table, first_std_error = errors$first, second_std_error = errors$second, two_way_std_error = errors$both),
    name, "_clustered"
  )
  tests <- lapply(c(one, list(both = both)), function(v) wald_statistics(m, list(b = fit$b, covariance = v), "II"))
  write_table(
    data.frame(term = m$terms, first_wald = tests$first, two_way_wald = tests$both), name, "_clustered_terms"
  )
  groups <- vapply(c(ways, list(paste(ways$first, ways$second))), function(way) length(unique(way)), 0L)
  cat(sprintf("%-10s clusters %s  smallest eigenvalue %.1e  sandwich %.1e\n", name, paste(groups, collapse = " "),
    smallest, against))
}
