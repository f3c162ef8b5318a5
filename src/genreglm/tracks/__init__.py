"""Tables of tracks of any origin: read, recognised, cleaned, and made into rows of features by a learnt recipe."""
