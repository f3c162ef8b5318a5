# Stepwise selection by AIC: step() on nnet::multinom, both directions and each.
#
#     Rscript tests/reference/make_stepwise.R      # 5 s; needs nnet, MASS, carData
#
# Writes stepwise.csv: a row a step, the start first. The likelihood of each model on the way is checked against
# multinomial.R, since multinom() stops at about seven digits unless it is told otherwise.

here <- dirname(normalizePath(sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE))))
source(file.path(here, "common.R"))

numbers <- "vote ~ age + economic_cond_national + economic_cond_household + Blair + Hague + Kennedy + Europe"
beps_all <- paste(numbers, "+ C(political_knowledge) + C(gender)")
beps_crossed <- paste(beps_all, "+ Europe:C(political_knowledge) + age:Europe")
chile_all <- "vote ~ population + age + income + statusquo + C(region) + C(sex) + C(education)"
housing_pairs <- paste(
  "satisfaction ~ C(influence) + C(type) + C(contact) + C(influence):C(type) + C(influence):C(contact)",
  "+ C(type):C(contact)"
)
birthwt_pairs <- paste(
  "low ~ age + lwt + C(race) + smoke + ptl + ht + ui + ftv + age:ftv + smoke:ui + lwt:smoke + age:lwt"
)

searches <- list(
  beps_backward = list(data = "beps", start = beps_all, upper = beps_all, direction = "backward"),
  beps_both = list(data = "beps", start = "vote ~ age + C(gender)", upper = beps_crossed, direction = "both"),
  chile_forward = list(data = "chile", start = "vote ~ 1", upper = chile_all, direction = "forward"),
  housing_both = list(data = "housing", start = housing_pairs, upper = housing_pairs, direction = "both"),
  birthwt_both = list(data = "birthwt", start = "low ~ 1", upper = birthwt_pairs, direction = "both"),
  birthwt_backward = list(data = "birthwt", start = birthwt_pairs, upper = birthwt_pairs, direction = "backward")
)

trace_of <- function(name) {
  search <- searches[[name]]
  given <- problems[[search$data]]()
  # step() looks for what the call of the fit names where formulas were written: here, at the top.
  rows <<- through_file(given$frame, search$data)
  rows$frequency_ <<- if (given$weights == "") 1 else rows[[given$weights]]
  fit <- eval(substitute(
    nnet::multinom(START, data = rows, weights = frequency_, trace = FALSE, maxit = 5000, reltol = 1e-15,
      abstol = 0, Hess = FALSE),
    list(START = as.formula(search$start))
  ))
  response <- sub(" ~.*", "", search$start)
  scope <- list(lower = as.formula(paste(response, "~ 1")), upper = as.formula(search$upper))
  invisible(capture.output(ended <- step(fit, scope, direction = search$direction, trace = 0)))
  last <- prepare(problem(given$frame, deparse1(formula(ended)), given$weights), search$data)
  exact <- fit_multinomial(last$x, last$y, last$w)
  expect_close(as.numeric(logLik(ended)) / exact$log_likelihood, 1, 1e-9, name)
  steps <- as.character(ended$anova$Step)
  steps <- gsub("\\s+", " ", trimws(steps))
  data.frame(
    search = name, data = search$data, weights = given$weights, direction = search$direction, start = search$start,
    upper = search$upper, step = seq_along(steps) - 1, action = c("start", "add", "drop")[
      1 + startsWith(steps, "+") + 2 * startsWith(steps, "-")
    ],
    term = sub("^[+ -]+", "", steps), aic = ended$anova$AIC
  )
}

traces <- do.call(rbind, lapply(names(searches), trace_of))
write_table(traces, "stepwise")
