"""The multinomial engine: arrays in, arrays out. It knows no frames, no formulas and no music."""
