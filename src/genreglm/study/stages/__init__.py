"""The stages of the study in order, each a function from store to store."""
