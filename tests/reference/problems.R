# The problems: data that ship with R or one of its packages, as plain columns, and a model each.
#
# Formulas read the same in R and in Python: `C(x)` is treatment coding with the first level in sorted order
# as its base. `weights` names the column of frequencies, `clusters` the column of the clusters.

complete <- function(frame) frame[complete.cases(frame), , drop = FALSE]

counts <- function(frame) {
  table <- aggregate(list(n = rep(1L, nrow(frame))), by = frame, FUN = sum)
  table[do.call(order, table), , drop = FALSE]
}

problem <- function(frame, formula, weights = "", clusters = "", data = "") {
  list(frame = frame, formula = formula, weights = weights, clusters = clusters, data = data)
}

# Another model of another problem's data.
remodel <- function(data, formula) {
  given <- problems[[data]]()
  problem(given$frame, formula, given$weights, given$clusters, data)
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

# ---- analyses of deviance with interactions: make_reference.R ----------------------------------------------

birthwt_crossed <- function() {
  remodel("birthwt", "low ~ lwt + C(race, contr.sum) + smoke + C(race, contr.sum):smoke + lwt:smoke")
}

housing_crossed <- function() {
  remodel("housing", paste(
    "satisfaction ~ C(influence, contr.sum) + C(type, contr.sum) + C(contact, contr.sum)",
    "+ C(influence, contr.sum):C(type, contr.sum) + C(influence, contr.sum):C(contact, contr.sum)",
    "+ C(type, contr.sum):C(contact, contr.sum) + C(influence, contr.sum):C(type, contr.sum):C(contact, contr.sum)"
  ))
}

beps_crossed <- function() {
  remodel("beps", "vote ~ age + Blair + Europe + political_knowledge + Europe:political_knowledge + age:Europe")
}

ces11_crossed <- function() {
  remodel("ces11", paste(
    "education ~ C(gender, contr.sum) + C(abortion, contr.sum) + C(urban, contr.sum)",
    "+ C(gender, contr.sum):C(abortion, contr.sum)"
  ))
}

crossed <- list(
  birthwt_crossed = birthwt_crossed, housing_crossed = housing_crossed, beps_crossed = beps_crossed,
  ces11_crossed = ces11_crossed
)

# ---- Jeffreys' prior: make_jeffreys.R ----------------------------------------------------------------------

# No small car and no van of 1993 had an airbag for the passenger, no large car was without any.
cars93 <- function() {
  frame <- setNames(MASS::Cars93[c("AirBags", "Type", "Horsepower")], c("airbags", "type", "horsepower"))
  problem(frame, "airbags ~ C(type) + horsepower")
}

alligators_crossed <- function() remodel("alligators", "food ~ C(lake) + C(size) + C(lake):C(size)")

# Setosa's petals are shorter than any other's: a continuous column that separates one class.
iris_petals <- function() {
  frame <- setNames(datasets::iris, c("sepal_length", "sepal_width", "petal_length", "petal_width", "species"))
  problem(frame, "species ~ sepal_length + sepal_width + petal_length", data = "iris")
}

# 26 pots from four sites, two of them from one site.
pottery <- function() {
  problem(carData::Pottery, "Site ~ Al + Fe + Mg")
}

# Complete separation: every car's cylinders follow from its power and mileage.
mtcars <- function() {
  frame <- data.frame(
    cylinders = c("four", "six", "eight")[datasets::mtcars$cyl / 2 - 1],
    datasets::mtcars[c("mpg", "hp")], row.names = NULL
  )
  problem(frame, "cylinders ~ mpg + hp")
}

cushings <- function() {
  frame <- setNames(MASS::Cushings, c("tetrahydrocortisone", "pregnanetriol", "type"))
  problem(frame, "type ~ tetrahydrocortisone + pregnanetriol")
}

backpain <- function() {
  frame <- VGAM::backPain2
  frame$pain <- gsub(".", " ", as.character(frame$pain), fixed = TRUE)
  problem(frame, "pain ~ C(x2) + C(x3) + C(x4)")
}

jeffreys_problems <- list(
  womenlf = womenlf, housing = housing, alligators = alligators, marital = marital, birthwt = birthwt,
  cushings = cushings, cars93 = cars93, alligators_crossed = alligators_crossed, iris_petals = iris_petals,
  pottery = pottery, mtcars = mtcars, backpain = backpain
)

# ---- clusters in two ways: make_clustered.R ----------------------------------------------------------------

# Ways that cut across each other, each with more clusters than a class has coefficients, so that the difference
# of covariances is positive definite. Only those of `bacteria` are real (child and week): in the others the second
# way is made from columns, to have one.
two_ways <- list(
  bacteria = function(frame) list(first = frame$ID, second = frame$week),
  infert = function(frame) list(first = frame$stratum, second = 10 * frame$age + frame$spontaneous),
  birthwt = function(frame) list(first = frame$lwt, second = paste0(frame$race, frame$age %/% 2)),
  marital = function(frame) list(first = frame$age, second = paste0(frame$mstatus, frame$age %/% 3))
)
