"""From experts' answers to data: a training set in a folder of its own.

manifest.csv   what `train`, `calibrate`, `evaluate` and `audit` take: a row a film, or a side of it
films/         the films as they were read, 16-bit DICOM without a person
masks/         what experts drew, pixel for pixel
dataset/       the same for `datasets.load_dataset`, with a data card
export.json    what went in, and what stayed out and why
"""

from annotation.export.folder import Exported, ExportFault, export

__all__ = ["ExportFault", "Exported", "export"]
