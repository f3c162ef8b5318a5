"""The sections of the report, each a function from the evidence to a section."""
