"""Everything that genreglm raises on purpose.

    GenreglmError
    ├── InputError            the caller gave something that cannot be used (exit code 2)
    │   ├── DataError         a table: unreadable, empty, columns missing, values impossible
    │   ├── FormulaError      a formula that does not parse, or calls what it may not
    │   ├── OptionError       an option outside its allowed values
    │   └── ModelFileError    a saved model that is damaged, too new, or not a model
    ├── EstimationError       the numbers allow no honest answer
    │   ├── SeparationError   the estimate does not exist
    │   ├── RankError         columns of the design are linearly dependent
    │   ├── ConvergenceError  the step limit was reached, or a value stopped being finite
    │   └── InferenceError    a standard error or test that this fit cannot give
    └── OutputError           results could not be written (disk full, folder not writable)

Every message says what was found, what was expected, and what to do.
"""


class GenreglmError(Exception):
    """Root of all errors that genreglm raises on purpose."""


class InputError(GenreglmError):
    """The caller gave something that cannot be used."""


class DataError(InputError):
    """A table that is unreadable, empty, lacks columns, or holds impossible values."""


class FormulaError(InputError):
    """A formula that does not parse, names unknown columns, or calls what it may not."""


class OptionError(InputError):
    """An option outside its allowed values."""


class ModelFileError(InputError):
    """A saved model that is damaged, too new, or no model at all."""


class EstimationError(GenreglmError):
    """The data allow no honest answer. `terms` names the terms to blame, the first the most, where known."""

    def __init__(self, message: str, terms: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.terms = terms


class SeparationError(EstimationError):
    """The estimate does not exist, with or without a penalty; `terms` are those along which it runs to infinity."""


class RankError(EstimationError):
    """Columns of the design are linearly dependent."""


class ConvergenceError(EstimationError):
    """The step limit was reached, or a value stopped being finite."""


class InferenceError(EstimationError):
    """A standard error or a test that this fit cannot give."""


class OutputError(GenreglmError):
    """Results could not be written."""
