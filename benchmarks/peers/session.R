# Rscript session.R PEER.R FOLDER ROWS COLUMNS CLASSES SETTING LONG REPEATS MOST ENOUGH
#
# Times one of R's peers inside R, the fit alone. PEER.R defines fit(x, y), coefficients(model) as columns x classes
# (the intercept first), and iterations(model). x comes as raw doubles, so that R sees the very same numbers.

args <- commandArgs(trailingOnly = TRUE)
folder <- args[2]
sizes <- as.integer(args[3:5])
setting <- args[6]
rule <- as.numeric(args[7:10])

source(args[1])

# The rule of timed_enough in base.py.
timed_enough <- function(seconds) {
  if (seconds[1] >= rule[1] || length(seconds) >= rule[3]) return(TRUE)
  length(seconds) >= rule[2] && sum(seconds) >= rule[4]
}

# A tiny fit first, as for every peer: R loads and compiles what it calls.
set.seed(1)
invisible(fit(matrix(rnorm(120), 60, 2), factor(rep(0:2, 20))))

x <- matrix(readBin(file.path(folder, "x.bin"), "double", sizes[1] * sizes[2]), sizes[1], sizes[2])
y <- factor(readBin(file.path(folder, "y.bin"), "integer", sizes[1]), levels = seq_len(sizes[3]) - 1)

# In KiB, of this process alone; what the kernel reports of a child begins at the size of its parent.
peak_kib <- function() {
  if (!file.exists("/proc/self/status")) return(NA)
  as.numeric(gsub("\\D", "", grep("^VmHWM", readLines("/proc/self/status"), value = TRUE)))
}

# Sys.time() tells microseconds, proc.time() only milliseconds: too coarse for the small problem.
clock <- function() as.numeric(Sys.time())

before <- peak_kib()
seconds <- c()
repeat {
  start <- clock()
  model <- fit(x, y)
  seconds <- c(seconds, clock() - start)
  if (length(seconds) == 1) peak <- peak_kib()
  if (timed_enough(seconds)) break
  rm(model)
  invisible(gc())
}

writeBin(as.vector(coefficients(model)), file.path(folder, "coefficients.bin"))
writeLines(format(seconds, digits = 10), file.path(folder, "seconds.txt"))
writeLines(format(c(iterations(model), before, peak)), file.path(folder, "facts.txt"))
