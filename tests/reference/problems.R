# The problems: data that ship with R or one of its packages, as plain columns, and a model each.
#
# Formulas read the same in R and in Python: `C(x)` is treatment coding with the first level in sorted order
# as its base. `weights` names the column of frequencies, `clusters` the column of the clusters.

complete <- function(frame) frame[complete.cases(frame), , drop = FALSE]

counts <- function(frame) {
  table <- aggregate(list(n = rep(1L, nrow(frame))), by = frame, FUN = sum)
  table[do.call(order, table), , drop = FALSE]
}

problem <- function(frame, formula, weights = "", clusters = "") {
  list(frame = frame, formula = formula, weights = weights, clusters = clusters)
}

womenlf <- function() {
  problem(carData::Womenlf, "partic ~ hincome + C(children) + C(region)")
}

chile <- function() {
  problem(
    complete(carData::Chile),
    "vote ~ population + age + income + statusquo + C(region) + C(sex) + C(education)"
  )
}

beps <- function() {
  frame <- carData::BEPS
  names(frame) <- gsub(".", "_", names(frame), fixed = TRUE)
  problem(frame, paste(
    "vote ~ age + economic_cond_national + economic_cond_household + Blair + Hague + Kennedy + Europe",
    "+ C(political_knowledge) + C(gender)"
  ))
}

pneumo <- function() {
  wide <- VGAM::pneumo
  stages <- c("normal", "mild", "severe")
  frame <- data.frame(
    exposure_time = rep(wide$exposure.time, times = 3),
    stage = rep(stages, each = nrow(wide)), n = unlist(wide[stages], use.names = FALSE)
  )
  problem(frame[frame$n > 0, ], "stage ~ exposure_time", weights = "n")
}

marital <- function() {
  frame <- counts(VGAM::marital.nz[c("mstatus", "age")])
  frame$age_squared <- frame$age^2
  problem(frame, "mstatus ~ age + age_squared", weights = "n")
}

housing <- function() {
  frame <- setNames(MASS::housing, c("satisfaction", "influence", "type", "contact", "n"))
  problem(
    frame, "satisfaction ~ C(influence) + C(type) + C(contact) + C(influence):C(contact)",
    weights = "n"
  )
}

birthwt <- function() {
  frame <- MASS::birthwt
  frame$low <- ifelse(frame$low == 1, "low", "normal")
  frame$race <- c("white", "black", "other")[frame$race]
  problem(frame[names(frame) != "bwt"], "low ~ age + lwt + C(race) + smoke + ptl + ht + ui + ftv")
}

infert <- function() {
  frame <- datasets::infert[c("education", "age", "parity", "induced", "spontaneous", "stratum")]
  problem(frame, "education ~ age + parity + induced + spontaneous", clusters = "stratum")
}

bacteria <- function() {
  frame <- MASS::bacteria[c("y", "week", "trt", "ID")]
  problem(frame, "y ~ week + C(trt)", clusters = "ID")
}

# Cells of frequency zero stay in: a row that happened no times must change nothing.
alligators <- function() {
  frame <- setNames(brglm2::alligators, c("food", "lake", "gender", "size", "n"))
  frame$size <- ifelse(frame$size == "<=2.3", "small", "large")
  problem(frame, "food ~ C(lake) + C(size) + C(gender)", weights = "n")
}

ces11 <- function() {
  frame <- carData::CES11[c("education", "gender", "abortion", "importance", "urban")]
  problem(frame, "education ~ C(gender) + C(abortion) + C(importance) + C(urban)")
}

problems <- list(
  womenlf = womenlf, chile = chile, beps = beps, pneumo = pneumo, marital = marital, housing = housing,
  birthwt = birthwt, infert = infert, bacteria = bacteria, alligators = alligators, ces11 = ces11
)
