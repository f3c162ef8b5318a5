"""Effects on probabilities: marginal effects, contrasts and curves, as tables."""
