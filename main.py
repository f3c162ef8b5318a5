"""The seed's way in: the study on data/dataset.csv if it is there, else on the built-in example."""

import sys
from pathlib import Path

from genreglm.cli import main

DATASET = Path(__file__).parent / "data" / "dataset.csv"

if __name__ == "__main__":
    sys.argv[1:] = ["study", *([str(DATASET)] if DATASET.is_file() else []), *sys.argv[1:]]
    main()
