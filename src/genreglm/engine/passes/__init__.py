"""The same estimates and covariances where rows are met in passes: in mapped files, or on the workers of a cluster."""
